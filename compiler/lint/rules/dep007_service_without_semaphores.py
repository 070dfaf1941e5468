"""DEP007: services whose devices are allowed and whose semaphores are not."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Request
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

_SEMAPHORE = "system.semaphore"


def find(context: Context) -> Iterator[Finding]:
    for cell, _ in context.services():
        asked = [Request(cell.name, name) for name in ("device.rawio_spec.read", _SEMAPHORE)]
        if [context.decides(request) == "deny" for request in asked] == [False, True]:
            yield Finding(cell.span, f"`{cell.name}` cannot use POSIX semaphores")


RULE = Rule(
    code="DEP007",
    name="service-without-semaphores",
    title="service without semaphores",
    severity="note",
    why="""\
Denying `system.semaphore` or `system.mqueue` switches the facility off for the cell, and
not only what others own. sem_open(3) fails, and with it many databases, PHP and Python's
multiprocessing.""",
    bad="""\
cell app {
    profile confined;
    root "/var/cells/app";
    user "app";
    deny system.semaphore;
    service { command "/usr/pkg/bin/app"; }
}
""",
    good="""\
cell app {
    profile confined;
    root "/var/cells/app";
    user "app";
    deny system.mqueue;
    service { command "/usr/pkg/bin/app"; }
}
""",
    remedy="allow `system.semaphore`, unless the service does without",
    find=find,
    off="""\
System V and POSIX IPC carries no cell, so a policy has good reason to deny it by default""",
)
