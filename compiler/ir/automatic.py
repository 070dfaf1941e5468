"""Ports that the kernel picks by itself, under the host settings of a policy."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.sysctl import integer
from compiler.ir.host import sysctls
from compiler.ir.ir import HostSettings, Ranges

#: anonportmin and anonportmax of a kernel that nobody tuned (sysctl(7)).
AUTOMATIC = (49152, 65535)
#: Likewise lowportmin and lowportmax, for sockets that ask for a privileged port (ip(4)).
PRIVILEGED = (600, 1023)
FAMILIES = ("net.inet.ip", "net.inet6.ip6")


def candidates(host: HostSettings) -> Ranges:
    """The ports that the kernel picks by itself for sockets of either family.

    Those from anonportmin to anonportmax that are not in anonportalgo.reserve (sysctl(7)).
    """
    return tuple(ports for family in FAMILIES for ports in of_family(family, host))


def privileged_candidates(host: HostSettings) -> Ranges:
    """Those that it picks for sockets that ask for a privileged port."""
    return tuple(
        ports for family in FAMILIES for ports in _picked(family, host, "lowport", PRIVILEGED)
    )


def of_family(family: str, host: HostSettings) -> Ranges:
    """Those for sockets of one of FAMILIES."""
    return _picked(family, host, "anonport", AUTOMATIC)


def _picked(family: str, host: HostSettings, name: str, default: tuple[int, int]) -> Ranges:
    values = sysctls(host)
    low = _port(values.get(f"{family}.{name}min"), default[0])
    high = _port(values.get(f"{family}.{name}max"), default[1])
    return tuple(_without(low, high, values.get(f"{family}.anonportalgo.reserve", "")))


def _without(low: int, high: int, reserved: str) -> Iterator[tuple[int, int]]:
    for port in sorted({int(port) for port in reserved.split(",") if port}):
        if low <= port <= high:
            if low < port:
                yield low, port - 1
            low = port + 1
    if low <= high:
        yield low, high


def _port(text: str | None, default: int) -> int:
    if text is None:
        return default
    number = integer(text)
    assert number is not None
    return number


def touches(ports: Ranges, others: Ranges) -> bool:
    """Whether two lists of ranges have a port in common."""
    return any(low <= last and first <= high for low, high in ports for first, last in others)
