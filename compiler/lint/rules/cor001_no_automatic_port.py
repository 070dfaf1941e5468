"""COR001: a cell that may open sockets but gets no port automatically cannot connect out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.ir.automatic import FAMILIES, of_family, touches
from compiler.ir.ir import AUTO, Ranges, Request
from compiler.lint.context import Context, is_shipped
from compiler.lint.ports import opens_socket
from compiler.lint.rule import Finding, Rule

_DOMAINS = ("inet", "inet6")


def find(context: Context) -> Iterator[Finding]:
    picked = {
        domain: ranges
        for domain, family in zip(_DOMAINS, FAMILIES, strict=True)
        if (ranges := of_family(family, context.ir.host))
    }
    listened = any(
        touches(reservation.ports, ranges)
        for reservation in context.ir.reservations
        for ranges in picked.values()
    )
    alike: dict[str | int, dict[int, list[str]]] = {}
    for cell in context.cells:
        # Cells of a class differ in the ports that are listened on, and in nothing else here.
        key = cell.name if listened else cell.enforced.class_
        if key not in alike:
            alike[key] = _blocking(context, cell.name, picked)
        for rule, protocols in alike[key].items():
            yield Finding(
                context.rule_span(rule),
                f"`{cell.name}` cannot connect: it gets no {' or '.join(protocols)} port"
                " automatically",
            )


def _blocking(context: Context, cell: str, picked: Mapping[str, Ranges]) -> dict[int, list[str]]:
    """The author's rules that deny all ports that the kernel may pick, each with its protocols;
    none for a cell that opens no sockets.

    `picked` are those ports for sockets of each domain.
    """
    blocked: dict[int, list[str]] = {}
    ways: list[tuple[tuple[str, ...], Ranges]] = [(_DOMAINS, ((AUTO, AUTO),))]
    ways += [((domain,), ranges) for domain, ranges in picked.items()]
    for protocol in ("tcp", "udp"):
        for domains, ranges in ways:
            if not all(
                _is_denied(context, cell, protocol, p) for p in (ranges[0][0], ranges[-1][1])
            ):
                continue
            if any(opens_socket(context, cell, protocol, d) for d in domains) and all(
                _is_denied(context, cell, protocol, port) for port in _told_apart(context, ranges)
            ):
                first = Request(cell, "network.bind.port", protocol=protocol, port=ranges[0][0])
                rule = context.decider.decide(first).rule
                if rule is not None and not is_shipped(context.rule_span(rule)):
                    blocked.setdefault(rule, []).append(protocol)
                break
    return blocked


def _is_denied(context: Context, cell: str, protocol: str, port: int) -> bool:
    request = Request(cell, "network.bind.port", protocol=protocol, port=port)
    return context.decides(request) == "deny"


def _told_apart(context: Context, ranges: Ranges) -> Iterator[int]:
    """Ports of some ranges, one at least of all that rules decide alike."""
    bounds = {
        bound
        for rule in context.ir.rules
        for low, high in rule.requests.ports or ()
        for bound in (low, high + 1)
    }
    for first, last in ranges:
        yield first
        yield from sorted(bound for bound in bounds if first < bound <= last)


RULE = Rule(
    code="COR001",
    name="no-automatic-port",
    title="cell that cannot connect",
    severity="warning",
    why="""\
connect(2) and send(2) on an unbound socket choose a port automatically, and the kernel asks
`network.bind` for it. A deny of `port auto`, or of the ports that the kernel picks from,
so breaks outgoing connections. These are 49152 to 65535, unless the sysctls `anonportmin` and
`anonportmax` say otherwise.""",
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
leave `port auto` and the ports from `anonportmin` on (49152 unless `host` sets it) out of the
rule, or deny `network.socket.open` as well""",
    find=find,
)
