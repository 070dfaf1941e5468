"""SEC014: hooks whose program lies where a cell can write."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.paths import upwards, writable
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    writers = {path: cell.name for cell in context.cells for path in writable(cell.enforced)}
    for cell in context.cells:
        for hook in (hook for body in cell.written.bodies for hook in body.hooks):
            for program in _programs(hook.argv):
                path = posixpath.normpath(program)
                writer = next((writers[above] for above in upwards(path) if above in writers), None)
                if writer is not None:
                    message = f"`{writer}` can replace `{program}`, which root of the host runs"
                    yield Finding(hook.span, message)


def _programs(argv: tuple[str, ...]) -> Iterator[str]:
    from compiler.analysis.edges import run_by

    return run_by(argv)


RULE = Rule(
    code="SEC014",
    name="writable-hook",
    title="hook that a cell can replace",
    severity="error",
    why="""\
Hooks run as root of the host, outside of every cell. If the program of one lies on files
that a cell can write, that cell has only to replace it and wait for the next start.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    exec readonly;
    mount rw "/srv/www" at "/var/www";
    hook pre-start "/srv/www/bin/prepare";
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    hook pre-start "/usr/local/libexec/prepare-web";
}
""",
    remedy="keep the program where only root of the host can write",
    find=find,
)
