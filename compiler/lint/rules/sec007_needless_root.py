"""SEC007: services that run as root and can do nothing with it."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Request
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    low = {r.cell for r in context.ir.reservations if any(a < 1024 for a, _ in r.ports)}
    for cell, _ in context.services():
        drop = Request(cell.name, "process.setid", target=cell.name)
        if cell.is_root and cell.name not in low and context.decides(drop) == "deny":
            yield Finding(cell.span, f"`{cell.name}` runs as root, which it has no use for")


RULE = Rule(
    code="SEC007",
    name="needless-root",
    title="root where a user would do",
    severity="note",
    why="""\
The service runs as root, yet it may not change its user id and binds no port below 1024, so
it cannot need root to start and drop it later. As an ordinary user it loses the power over
every file it sees, and the other security models protect the host from it as well.""",
    bad="""\
cell report {
    profile confined;
    root "/var/cells/report";
    deny process.setid;
    service { command "/usr/pkg/bin/report"; }
}
""",
    good="""\
cell report {
    profile confined;
    root "/var/cells/report";
    user "report";
    deny process.setid;
    service { command "/usr/pkg/bin/report"; }
}
""",
    remedy="name a `user`",
    find=find,
)
