"""COR016: cells that listen and are denied the sockets for it."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.ports import SOCKET_TYPES, opens_socket
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for r in context.reservations:
        if not any(opens_socket(context, r.cell, r.protocol, d) for d in ("inet", "inet6")):
            kind = SOCKET_TYPES[r.protocol]
            yield Finding(
                context.rule_span(r.rule),
                f"`{r.cell}` listens here and cannot open a {kind} socket",
                f"add `allow network.socket.open domain {{inet, inet6}} type {kind};` to the cell,"
                " or remove the `listen`",
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
    remedy="""\
allow `network.socket.open` for domain inet or inet6 and the type (stream for tcp, dgram for
udp), or remove the `listen`""",
    find=find,
)
