"""SEC003: a service without a root sees the file tree of the host."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        if cell.enforced.root is None and cell.enforced.service is not None:
            message = f"`{cell.name}` has no root: it sees the file tree of the host"
            yield Finding(cell.span, message)


RULE = Rule(
    code="SEC003",
    name="no-root",
    title="service without a root",
    severity="note",
    why="A cell narrows what its processes may do; what files they see is a matter of its root.",
    bad="""\
cell web {
    profile confined;
    user "www";
    service { command "/usr/libexec/httpd"; }
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    service { command "/usr/libexec/httpd"; }
}
""",
    remedy="give the cell one with `root`, unless that is what you want",
    find=find,
)
