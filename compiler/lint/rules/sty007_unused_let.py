"""STY007: lets that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.own(t.Let):
        node = placed.node
        if isinstance(node, t.Let) and context.mentions[node.name.text] == 1:
            yield Finding(
                node.name.span,
                f"nothing uses the let `{node.name.text}`",
                edits=removal(context, placed),
            )


RULE = Rule(
    code="STY007",
    name="unused-let",
    title="let that nothing uses",
    severity="warning",
    why="""\
What nothing uses is read, and believed to be in force, by everybody but the compiler. Only
the root file is looked at: what imported files define may serve other policies.""",
    bad="""\
let web-port = 8080;
cell web { profile confined; }
""",
    good="""\
let web-port = 8080;
cell web {
    profile confined;
    deny network.bind tcp port web-port;
}
""",
    remedy="remove it, or use it",
    find=find,
    fix="everything",
)
