"""COR001: a cell that may open sockets but gets no port automatically cannot connect out."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import AUTO, Request
from compiler.lint.context import Context, is_shipped
from compiler.lint.ports import AUTOMATIC
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        opened = Request(
            cell.name, "network.socket.open", domain="inet", type="stream", socket_protocol="other"
        )
        if context.decides(opened) == "deny":
            continue
        blocked: dict[int, list[str]] = {}
        for protocol in ("tcp", "udp"):
            rule = _blocking(context, cell.name, protocol)
            if rule is not None and not is_shipped(context.rule_span(rule)):
                blocked.setdefault(rule, []).append(protocol)
        for rule, protocols in blocked.items():
            yield Finding(
                context.rule_span(rule),
                f"`{cell.name}` cannot connect: it gets no {' or '.join(protocols)} port"
                " automatically",
            )


def _blocking(context: Context, cell: str, protocol: str) -> int | None:
    """The rule that denies a port that the kernel may pick."""
    for port in (AUTO, *AUTOMATIC):
        decision = context.decider.decide(
            Request(cell, "network.bind.port", protocol=protocol, port=port)
        )
        if decision.effect == "deny":
            return decision.rule
    return None


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
