"""Ports that the kernel picks by itself, under the host settings of a policy."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue import sysctl
from compiler.ir.ir import HostSettings, Ranges

#: anonportmin and anonportmax of a kernel that nobody tuned (sysctl(7)).
AUTOMATIC = (49152, 65535)
FAMILIES = ("net.inet.ip", "net.inet6.ip6")


def candidates(host: HostSettings) -> Ranges:
    """The ports that the kernel picks by itself for sockets of either family.

    Those from anonportmin to anonportmax that are not in anonportalgo.reserve (sysctl(7)).
    """
    return tuple(ports for family in FAMILIES for ports in of_family(family, host))


def of_family(family: str, host: HostSettings) -> Ranges:
    """Those for sockets of one of FAMILIES."""
    values = {sysctl.canonical(s.name): s.value for s in host.sysctls}
    low, high = (
        AUTOMATIC[i] if (text := values.get(f"{family}.anonport{end}")) is None else _number(text)
        for i, end in enumerate(("min", "max"))
    )
    return tuple(_without(low, high, values.get(f"{family}.anonportalgo.reserve", "")))


def _without(low: int, high: int, reserved: str) -> Iterator[tuple[int, int]]:
    for port in sorted({int(port) for port in reserved.split(",") if port}):
        if low <= port <= high:
            if low < port:
                yield low, port - 1
            low = port + 1
    if low <= high:
        yield low, high


def _number(text: str) -> int:
    number = sysctl.integer(text)
    assert number is not None
    return number


def touches(ports: Ranges, others: Ranges) -> bool:
    """Whether two lists of ranges have a port in common."""
    return any(low <= last and first <= high for low, high in ports for first, last in others)
