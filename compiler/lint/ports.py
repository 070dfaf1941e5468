"""Ports that rules know something about."""

from __future__ import annotations

from compiler.catalogue.sysctl import integer
from compiler.ir.automatic import AUTOMATIC
from compiler.ir.host import sysctls
from compiler.ir.ir import HostSettings, Request, Reservation
from compiler.lint.context import Context

#: The type of the sockets of a protocol.
SOCKET_TYPES = {"tcp": "stream", "udp": "dgram"}
_ENDS = ("net.inet.ip.anonportmin", "net.inet.ip.anonportmax")


def leaves_none(reservation: Reservation, host: HostSettings) -> bool:
    """Whether a cell listens on every port that the kernel picks by itself."""
    tuned = {name: integer(value) for name, value in sysctls(host).items()}
    low, high = (tuned.get(name) or end for name, end in zip(_ENDS, AUTOMATIC, strict=True))
    inside = (min(high, b) - max(low, a) + 1 for a, b in reservation.ports)
    return sum(count for count in inside if count > 0) == high - low + 1


def opens_socket(context: Context, cell: str, protocol: str, domain: str) -> bool:
    """Whether a cell is not denied every socket of a domain for a protocol."""
    kind = SOCKET_TYPES[protocol]
    return any(
        context.decides(
            Request(cell, "network.socket.open", domain=domain, type=kind, socket_protocol=number)
        )
        != "deny"
        for number in (protocol, "ip", "other")
    )
