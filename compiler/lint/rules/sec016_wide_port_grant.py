"""SEC016: grants of `network.bind.privport` beyond what the cell listens on."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Ranges
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

#: Ports below this are asked about as network.bind.privport (netinet/in.h).
_FIRST_UNPRIVILEGED = 1024


def find(context: Context) -> Iterator[Finding]:
    listening: dict[str, list[Ranges]] = {}
    for reservation in context.ir.reservations:
        listening.setdefault(reservation.cell, []).append(reservation.ports)
    for cell in context.cells:
        mine = listening.get(cell.name)
        for body in cell.written.bodies if mine else ():
            for rule in body.rules:
                if (
                    rule.meaning.effect != "grant"
                    or "network.bind.privport" not in rule.meaning.actions
                ):
                    continue
                if not all(_holds(mine or [], low, high) for low, high in _low(rule.meaning.ports)):
                    message = f"this gives `{cell.name}` ports that it does not listen on"
                    yield Finding(rule.span, message)


def _low(ports: Ranges | None) -> Ranges:
    """The privileged ones of the ports of a rule."""
    low = ((1, _FIRST_UNPRIVILEGED - 1),) if ports is None else ports
    return tuple((a, min(b, _FIRST_UNPRIVILEGED - 1)) for a, b in low if a < _FIRST_UNPRIVILEGED)


def _holds(listening: list[Ranges], low: int, high: int) -> bool:
    return any(a <= low and high <= b for ports in listening for a, b in ports)


RULE = Rule(
    code="SEC016",
    name="wide-port-grant",
    title="grant of more privileged ports than are listened on",
    severity="warning",
    why="""\
The grant hands out ports below 1024 that the cell does not listen on. Whoever gets into it
can stand in for another service of the host.""",
    bad="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
    @reason "httpd binds its own port"
    grant network.bind.privport tcp;
}
assert only web network.bind tcp port 80;
test "the port" { grant web network.bind tcp port 80; }
""",
    good="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
    @reason "httpd binds its own port"
    grant network.bind.privport tcp port 80;
}
assert only web network.bind tcp port 80;
test "the port" { grant web network.bind tcp port 80; }
""",
    remedy="name the ports that the cell listens on",
    find=find,
)
