"""COR001: a cell that may open sockets but gets no port automatically cannot connect out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.ir.automatic import FAMILIES, of_family, touches
from compiler.ir.ir import AUTO, Request
from compiler.lint.context import Context, is_shipped
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    ends = [
        (ranges[0][0], ranges[-1][1])
        for family in FAMILIES
        if (ranges := of_family(family, context.ir.host))
    ]
    single = tuple((port, port) for pair in ends for port in pair)
    listened = any(touches(reservation.ports, single) for reservation in context.ir.reservations)
    alike: dict[str | int, dict[int, list[str]]] = {}
    for cell in context.cells:
        # Cells of a class differ in the ports that are listened on, and in nothing else here.
        key = cell.name if listened else cell.enforced.class_
        if key not in alike:
            alike[key] = _blocking(context, cell.name, ends)
        for rule, protocols in alike[key].items():
            yield Finding(
                context.rule_span(rule),
                f"`{cell.name}` cannot connect: it gets no {' or '.join(protocols)} port"
                " automatically",
            )


def _blocking(context: Context, cell: str, ends: Sequence[tuple[int, int]]) -> dict[int, list[str]]:
    """The author's rules that deny all ports that the kernel may pick, each with its protocols;
    none for a cell that opens no sockets.

    `ends` are the lowest and the highest of those ports: who denies both denies all of them.
    """
    blocked: dict[int, list[str]] = {}
    opened = Request(
        cell, "network.socket.open", domain="inet", type="stream", socket_protocol="other"
    )
    if context.decides(opened) == "deny":
        return blocked
    for protocol in ("tcp", "udp"):
        for ports in ((AUTO,), *ends):
            made = [
                context.decider.decide(
                    Request(cell, "network.bind.port", protocol=protocol, port=port)
                )
                for port in ports
            ]
            rule = made[0].rule
            if all(decision.effect == "deny" for decision in made):
                if rule is not None and not is_shipped(context.rule_span(rule)):
                    blocked.setdefault(rule, []).append(protocol)
                break
    return blocked


RULE = Rule(
    code="COR001",
    name="no-automatic-port",
    title="cell that cannot connect",
    severity="warning",
    why="""\
connect(2) and send(2) on an unbound socket choose a port automatically, and the kernel asks
`network.bind` for it. A deny of `port auto`, or of the ports from 49152 on, so breaks
outgoing connections.""",
    bad="""\
cell web {
    profile confined;
    deny network.bind tcp;
}
""",
    good="""\
cell web {
    profile confined;
    deny network.bind tcp port 1..49151;
}
""",
    remedy="""\
leave `port auto` and the ports from 49152 on out of the rule, or deny
`network.socket.open` as well""",
    find=find,
)
