"""SEC016: grants of `network.bind.privport` beyond what the cell listens on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.ir.ir import Ranges
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

#: The last port that is asked about as network.bind.privport (netinet/in.h).
_PRIVILEGED = 1023
_PROTOCOLS = ("tcp", "udp")

_Ports = set[tuple[str, int]]
"""Privileged ports, each with its protocol."""


def find(context: Context) -> Iterator[Finding]:
    listening: dict[str, _Ports] = {}
    for r in context.ir.reservations:
        listening.setdefault(r.cell, set()).update(_low((r.protocol,), r.ports))
    for cell in context.cells:
        mine = listening.get(cell.name)
        for body in cell.written.bodies if mine is not None else ():
            for rule in body.rules:
                meaning = rule.meaning
                if meaning.effect != "grant" or "network.bind.privport" not in meaning.actions:
                    continue
                given = _low(meaning.protocols or _PROTOCOLS, meaning.ports)
                if mine is not None and not given <= mine:
                    message = f"this gives `{cell.name}` ports that it does not listen on"
                    yield Finding(rule.span, message)


def _low(protocols: Iterable[str], ports: Ranges | None) -> _Ports:
    """The privileged ones of some ports."""
    return {
        (protocol, port)
        for protocol in protocols
        for low, high in ports or ((1, _PRIVILEGED),)
        for port in range(max(low, 1), min(high, _PRIVILEGED) + 1)
    }


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
