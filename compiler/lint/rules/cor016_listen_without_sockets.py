"""COR016: cells that listen and are denied the sockets for it."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Request
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

_TYPES = {"tcp": "stream", "udp": "dgram"}


def find(context: Context) -> Iterator[Finding]:
    for reservation in context.reservations:
        kind = _TYPES[reservation.protocol]
        requests = (
            Request(
                reservation.cell,
                "network.socket.open",
                domain=domain,
                type=kind,
                socket_protocol=protocol,
            )
            for domain in ("inet", "inet6")
            for protocol in (reservation.protocol, "ip", "other")
        )
        if all(context.decides(request) == "deny" for request in requests):
            yield Finding(
                context.rule_span(reservation.rule),
                f"`{reservation.cell}` listens here and cannot open a {kind} socket",
            )


RULE = Rule(
    code="COR016",
    name="listen-without-sockets",
    title="cell that listens and cannot open a socket",
    severity="warning",
    why="The cell owns its port and can bind it, but not open the socket to bind.",
    bad="""\
cell db {
    profile confined;
    deny network.socket.open type stream;
    listen tcp 5432;
}
assert only db network.bind tcp port 5432;
test "the port" { allow db network.bind tcp port 5432; }
""",
    good="""\
cell db {
    profile confined;
    deny network.socket.open type seqpacket;
    listen tcp 5432;
}
assert only db network.bind tcp port 5432;
test "the port" { allow db network.bind tcp port 5432; }
""",
    remedy="allow `network.socket.open` for domain inet or inet6, or remove the `listen`",
    find=find,
)
