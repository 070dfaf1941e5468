"""Ports that rules know something about."""

from __future__ import annotations

from compiler.catalogue.sysctl import integer
from compiler.ir.automatic import AUTOMATIC
from compiler.ir.host import sysctls
from compiler.ir.ir import HostSettings, Reservation

_ENDS = ("net.inet.ip.anonportmin", "net.inet.ip.anonportmax")


def leaves_none(reservation: Reservation, host: HostSettings) -> bool:
    """Whether a cell listens on every port that the kernel picks by itself."""
    tuned = {name: integer(value) for name, value in sysctls(host).items()}
    low, high = (tuned.get(name) or end for name, end in zip(_ENDS, AUTOMATIC, strict=True))
    inside = (min(high, b) - max(low, a) + 1 for a, b in reservation.ports)
    return sum(count for count in inside if count > 0) == high - low + 1
