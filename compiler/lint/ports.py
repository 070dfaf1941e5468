"""Ports that rules know something about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.ir.automatic import FAMILIES, of_family, touches
from compiler.ir.ir import Ranges, Request
from compiler.lint.context import Context

#: The type of the sockets of a protocol.
SOCKET_TYPES = {"tcp": "stream", "udp": "dgram"}
_NAMES = ("IPv4", "IPv6")


def hoarders(context: Context) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Cells that listen on every port of a protocol that the kernel picks by itself.

    By cell and protocol: the families of sockets for which it does.
    """
    picked = [
        (name, ranges)
        for name, family in zip(_NAMES, FAMILIES, strict=True)
        if (ranges := of_family(family, context.ir.host))
    ]
    listening: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for r in context.ir.reservations:
        if any(touches(r.ports, ranges) for _, ranges in picked):
            listening.setdefault((r.cell, r.protocol), []).extend(r.ports)
    found = {
        key: tuple(name for name, ranges in picked if _covers(ports, ranges))
        for key, ports in listening.items()
    }
    return {key: names for key, names in found.items() if names}


def _covers(ports: Sequence[tuple[int, int]], others: Ranges) -> bool:
    """Whether ranges that do not overlap hold all ports of others."""
    shared = (min(b, d) - max(a, c) + 1 for a, b in ports for c, d in others)
    return sum(count for count in shared if count > 0) == sum(b - a + 1 for a, b in others)


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
