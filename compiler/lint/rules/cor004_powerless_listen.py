"""COR004: a cell that listens on a privileged port as an ordinary user needs a grant."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Ranges, Request, Reservation
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for r in context.ir.reservations:
        cell = context.cell_by_name[r.cell]
        if cell.is_root:
            continue
        low = next((port for port in _privileged(r.ports) if _is_allowed(context, r, port)), None)
        if low is not None:
            yield Finding(
                context.rule_span(r.rule),
                f"`{r.cell}` runs as `{cell.enforced.user}` and will be refused {r.protocol}"
                f" port {low}: only root binds ports below 1024",
                f"add `grant network.bind.privport {r.protocol} port {low};` to the cell",
            )


def _privileged(ports: Ranges) -> Iterator[int]:
    return (port for a, b in ports for port in range(max(a, 1), min(b, 1023) + 1))


def _is_allowed(context: Context, r: Reservation, port: int) -> bool:
    """Whether the vote on a port is no more than an allow."""
    request = Request(r.cell, "network.bind.privport", protocol=r.protocol, port=port)
    return context.decides(request) == "allow"


RULE = Rule(
    code="COR004",
    name="powerless-listen",
    title="privileged port without a privilege",
    severity="warning",
    why="""\
The cell listens on a port below 1024 but does not run as root. Its own vote is to allow this,
yet only root, or a grant, gets such a port.""",
    bad="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
}
assert never web system.reboot;
test "no reboot" { deny web system.reboot; }
""",
    good="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
    @reason "binds its own port"
    grant network.bind.privport tcp port 80;
}
assert never web system.reboot;
test "the port" { grant web network.bind tcp port 80; }
""",
    remedy="add `grant network.bind.privport` for the port to the cell",
    find=find,
)
