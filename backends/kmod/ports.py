"""Verdicts on ports, as a class holds them, and who listens on ports."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from backends.kmod.columns import BIND_LEAVES
from backends.kmod.maps import Maps, Steps, extend, sums
from backends.kmod.tables import BIND_BITS, ENDS, MAX_PORT, PORT_MAP, WITH, Owner, bind_shift
from compiler.catalogue.actions import all_leaves

#: A first and a last port, and the bits of the verdicts of both leaves on them.
Ports = tuple[int, int, int]

#: Where the verdicts of the leaf for privileged ports stand.
_PRIVILEGED = bind_shift(1, 0)
#: The verdicts of both leaves.
_BOTH = (1 << 2 * _PRIVILEGED) - 1


@functools.cache
def last_privileged() -> int:
    """The last port that is asked about as a privileged one."""
    (ports,) = (leaf.ports for leaf in all_leaves() if leaf.name == BIND_LEAVES[1])
    return ports[1] if ports is not None else 0


def by_leaf(steps: Steps) -> list[tuple[int, int]]:
    """Steps from port 1 on with the verdicts of the leaf that each port is asked about.

    Whatever stands above the verdicts of both leaves stays where it is.
    """
    made: list[tuple[int, int]] = []
    last = last_privileged()
    start = 0
    for end, number in steps:
        rest = number & ~_BOTH
        if start <= last and end > 0:
            extend(made, min(end, last), rest | number >> _PRIVILEGED & BIND_BITS)
        if end > last:
            extend(made, end, rest | number & BIND_BITS)
        start = end + 1
    return made


def stretches(steps: Steps, maps: Maps) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Steps as the ends and verdicts of a class; those that a class cannot hold as a map."""
    if len(steps) > ENDS + 1:
        return (maps.add(steps), *[0] * (ENDS - 1)), (*[0] * ENDS, PORT_MAP)
    ends = [end for end, _ in steps[:-1]]
    binds = [number for _, number in steps]
    more = ENDS - len(ends)
    return (*ends, *[MAX_PORT] * more), (*binds, *[binds[-1]] * more)


class Owners:
    """Who listens on which ports, by numbers: ids of cells, and from `first` on others."""

    def __init__(self, first: int) -> None:
        self.listening: dict[int, int] = {}
        """By cell id, how it listens on the first port that is its own alone."""
        self._first = first
        self._others: dict[Owner, int] = {}

    @property
    def others(self) -> tuple[Owner, ...]:
        return tuple(self._others)

    def steps(
        self, reserved: Iterable[tuple[int, int, int, bool]], owned: Iterable[Ports]
    ) -> Steps:
        """The owner of each port.

        `reserved` are ranges of ports with the id of a cell and whether it is for UDP, `owned`
        what cells' own verdicts on such ranges set.
        """
        parts = [(low, high, id_ << (28 if udp else 12)) for low, high, id_, udp in reserved]
        made: list[tuple[int, int]] = [(0, 0)]
        for end, number in by_leaf(sums([*parts, *owned], MAX_PORT)):
            tcp, udp = number >> 12 & 0xFFFF, number >> 28
            with_ = (tcp > 0) + 2 * (udp > 0)
            binds = number & (3 * (tcp > 0) | 12 * (udp > 0))
            extend(made, end, self._number(Owner(tcp, udp, with_ << WITH | binds)))
        return made

    def _number(self, owner: Owner) -> int:
        if not owner.tcp or not owner.udp or owner.tcp == owner.udp:
            cell = owner.tcp or owner.udp
            if not cell or self.listening.setdefault(cell, owner.listening) == owner.listening:
                return cell
        return self._first + self._others.setdefault(owner, len(self._others))
