"""STY021: templates with a single use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    uses = Counter(p.node.name.text for p in context.of(t.Use) if isinstance(p.node, t.Use))
    for placed in context.own(t.Template):
        node = placed.node
        if (
            isinstance(node, t.Template)
            and context.mentions[node.name.text] == 2
            and uses[node.name.text] == 1
        ):
            yield Finding(node.name.span, f"one cell alone uses `{node.name.text}`")


RULE = Rule(
    code="STY021",
    name="template-used-once",
    title="template that one cell uses",
    severity="note",
    why="A template that is used once hides what its cell does behind parameters.",
    bad="""\
template tenant(owner: user) extends confined {
    user owner;
}
cell web { use tenant("www"); }
""",
    good="""\
template tenant(owner: user) extends confined {
    user owner;
}
cell web { use tenant("www"); }
cell shop { use tenant("shop"); }
""",
    remedy="write its body in the cell, unless more uses are to come",
    find=find,
    off="a policy that grows begins with one use of each template",
)
