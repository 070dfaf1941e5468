"""STY015: cells without `@owner`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Cell):
        node = placed.node
        if isinstance(node, t.Cell):
            names = {annotation.name for annotation in placed.statement.annotations}
            if "owner" not in names:
                yield Finding(node.name.span, f"`{node.name.text}` has no owner")


RULE = Rule(
    code="STY015",
    name="missing-owner",
    title="cell that nobody owns",
    severity="note",
    why="When a cell misbehaves at night, its policy should say whom to call.",
    bad="""\
cell web { profile confined; }
""",
    good="""\
@owner "web team"
cell web { profile confined; }
""",
    remedy="annotate the cell with `@owner`",
    find=find,
    off="on a host with one administrator it only adds lines",
)
