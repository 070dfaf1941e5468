"""STY006: groups that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.own(t.Group):
        node = placed.node
        if isinstance(node, t.Group) and context.mentions[node.name.text] == 1:
            yield Finding(
                node.name.span,
                f"nothing uses the group `{node.name.text}`",
                edits=removal(context, placed),
            )


RULE = Rule(
    code="STY006",
    name="unused-group",
    title="group that nothing uses",
    severity="warning",
    why="""\
What nothing uses is read, and believed to be in force, by everybody but the compiler. Only
the root file is looked at: what imported files define may serve other policies.""",
    bad="""\
cell shop-a { profile confined; }
group shops = { shop-* };
""",
    good="""\
cell shop-a { profile confined; }
group shops = { shop-* };
assert never shops process.ptrace to host;
""",
    remedy="remove it, or use it",
    find=find,
    fix="everything",
)
