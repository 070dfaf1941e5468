"""SEC008: writable mounts of cells without `exec readonly`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        if cell.enforced.exec_readonly:
            continue
        for body in cell.written.bodies:
            for mount in body.mounts:
                if mount.mode == "rw":
                    message = f"`{cell.name}` can run what it writes to `{mount.target}`"
                    yield Finding(mount.span, message)


RULE = Rule(
    code="SEC008",
    name="writable-executable",
    title="files that a cell can write and run",
    severity="note",
    why="""\
Whoever breaks into a service wants to put a program somewhere and run it. With `exec
readonly` every writable mount is noexec, nosuid and nodev, so what the cell writes it
cannot run.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    mount rw "/srv/uploads" at "/var/uploads";
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    mount rw "/srv/uploads" at "/var/uploads";
    exec readonly;
}
""",
    remedy="add `exec readonly`, or mount `ro`",
    find=find,
)
