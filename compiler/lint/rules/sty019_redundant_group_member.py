"""STY019: members of groups that patterns beside them match."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from compiler.lint.context import Context
from compiler.lint.edits import without_member
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Group):
        node = placed.node
        if isinstance(node, t.Group):
            spans = [member.span for member in node.members]
            for n, member in enumerate(node.members):
                others = [
                    *node.members[:n],
                    *(m for m in node.members[n:] if m.text != member.text),
                ]
                cells = "*" in member.text or member.text in context.cell_by_name
                if any(
                    fnmatchcase(member.text, other.text) if cells else member.text == other.text
                    for other in others
                ):
                    yield Finding(
                        member.span,
                        f"`{member.text}` is in `{node.name.text}` already",
                        edits=(without_member(context.sources[member.span.file], spans, n),),
                    )
                    break


RULE = Rule(
    code="STY019",
    name="redundant-group-member",
    title="member of a group that is in it already",
    severity="note",
    why="""\
A cell that a pattern beside it matches, or that stands there twice, looks as if it added
something.""",
    bad="""\
cell shop-a { profile confined; }
group shops = { shop-a, shop-* };
assert never shops process.ptrace to host;
""",
    good="""\
cell shop-a { profile confined; }
group shops = { shop-* };
assert never shops process.ptrace to host;
""",
    remedy="remove it from the group",
    find=find,
    fix="everything",
)
