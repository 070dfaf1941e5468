"""SEC009: mounts by which one cell can change what another one reads."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.lint.context import CellPair, Context
from compiler.lint.paths import own_files, upwards
from compiler.lint.rule import Finding, Rule
from compiler.source import Span

_Seen = dict[str, list[tuple[CellPair, Span]]]
"""Who sees a path of the host, and where the policy says so."""


def find(context: Context) -> Iterator[Finding]:
    at, below = _seen(context)
    for cell in context.cells:
        for body in cell.written.bodies:
            for mount in (m for m in body.mounts if m.mode == "rw"):
                seen = list(below.get(mount.source, ()))
                seen += [entry for path in upwards(mount.source) for entry in at.get(path, ())]
                others = {other.name: span for other, span in seen if other is not cell}
                if others:
                    names = ", ".join(f"`{name}`" for name in others)
                    yield Finding(
                        mount.span,
                        f"`{cell.name}` can change files that {names} can see",
                        related=[Related(span, "seen here") for span in set(others.values())],
                    )


def _seen(context: Context) -> tuple[_Seen, _Seen]:
    """What cells see, by the paths themselves and by the directories above them."""
    at: _Seen = {}
    below: _Seen = {}
    for cell in context.cells:
        for body in cell.written.bodies:
            places = [(mount.source, mount.span) for mount in body.mounts]
            if body.root is not None:
                files = [*own_files(cell.enforced), cell.enforced.base]
                places += [(path, body.root.span) for path in files if path is not None]
            for path, span in places:
                at.setdefault(path, []).append((cell, span))
                for above in upwards(path):
                    if above != path:
                        below.setdefault(above, []).append((cell, span))
    return at, below


RULE = Rule(
    code="SEC009",
    name="shared-writable",
    title="files that one cell writes and another sees",
    severity="warning",
    why="""\
Borders between processes are of little use when one cell can change the files that another
one reads: it decides what the other one works with, and what it runs. Where that is meant,
say so in the policy, and bound it with `assert never A ~> B`.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    exec readonly;
    mount rw "/srv/www" at "/var/www";
}
cell stats {
    profile confined;
    root "/var/cells/stats";
    mount ro "/srv/www/htdocs" at "/var/www";
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    mount ro "/srv/www" at "/var/www";
}
cell stats {
    profile confined;
    root "/var/cells/stats";
    mount ro "/srv/www/htdocs" at "/var/www";
}
""",
    remedy="""\
mount it `ro`, or give each cell a directory of its own; if it is meant, say so with `#
cellc: ignore SEC009 -- reason`""",
    find=find,
)
