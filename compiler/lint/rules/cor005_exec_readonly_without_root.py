"""COR005: what `exec readonly` asks is done by mounts, which a cell without a root lacks."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        if cell.enforced.root is None and cell.enforced.exec_readonly:
            spans = [b.exec_readonly for b in cell.written.bodies if b.exec_readonly]
            yield Finding(
                spans[-1],
                f"`exec readonly` does nothing for `{cell.name}`, which has no root",
                related=[Related(cell.span, "the cell")],
            )


RULE = Rule(
    code="COR005",
    name="exec-readonly-without-root",
    title="exec readonly without a root",
    severity="warning",
    why="""\
That a cell runs nothing it could have written is kept by the flags of its mounts. Without a
root nothing is mounted for it.""",
    bad="""\
cell web {
    profile confined;
    exec readonly;
}
""",
    good="""\
cell web {
    profile confined;
    exec readonly;
    root "/var/cells/web";
}
""",
    remedy="give the cell a `root`: mount flags keep it from running what it writes",
    find=find,
)
