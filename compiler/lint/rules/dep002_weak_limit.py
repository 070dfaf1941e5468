"""DEP002: limits that are lower than what the policy itself asks of the cell."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

#: Standard input, output and error.
_STANDARD = 3


def find(context: Context) -> Iterator[Finding]:
    ports: dict[str, int] = {}
    for r in context.reservations:
        ports[r.cell] = ports.get(r.cell, 0) + sum(high - low + 1 for low, high in r.ports)
    for cell in context.exposed:
        needed = ports[cell.name] + _STANDARD
        for limit in cell.enforced.limits:
            if limit.name == "nofile" and limit.value is not None and limit.value < needed:
                message = f"`{cell.name}` may open {limit.value} files and needs {needed}"
                yield Finding(cell.span, message)


RULE = Rule(
    code="DEP002",
    name="weak-limit",
    title="limit below what the service needs to start",
    severity="warning",
    why="""\
The cell listens on more ports than it may open files, so it cannot come up: each port needs
a descriptor, besides standard input, output and error.""",
    bad="""\
cell dns {
    profile confined;
    listen udp 5300..5399;
    limits { nofile 64; }
}
assert only dns network.bind udp port 5300..5399;
test "the ports" { allow dns network.bind udp port 5300; }
""",
    good="""\
cell dns {
    profile confined;
    listen udp 5300..5399;
    limits { nofile 256; }
}
assert only dns network.bind udp port 5300..5399;
test "the ports" { allow dns network.bind udp port 5300; }
""",
    remedy="raise `nofile`, or listen on fewer ports",
    find=find,
)
