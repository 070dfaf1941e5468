"""Numbers for ports: those that no rule and no cell tells apart share one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from backends.kmod.maps import Steps
from backends.kmod.tables import MAX_PORT


class Ports:
    """The numbers of all ports under some maps by port; ports with owners have the greatest.

    `owners` gives each port the number of its owner, 0 for none.
    """

    def __init__(self, maps: Iterable[Steps], owners: Steps) -> None:
        told_apart = {0} | {end + 1 for steps in maps for end, _ in steps}
        owned_by = dict(_starts(owners))
        self.owners: list[int] = []
        """By number of an owned port, from `free` on: the owner."""
        self._free: list[int] = []
        self._owned: list[int] = []
        owner = 0
        for start in sorted((told_apart | owned_by.keys()) - {MAX_PORT + 1}):
            owner = owned_by.get(start, owner)
            if owner:
                self._owned.append(start)
                self.owners.append(owner)
            else:
                self._free.append(start)
        self.free = len(self._free)
        """Numbers of ports that nobody owns."""

    @property
    def steps(self) -> Steps:
        """The number of each port."""
        numbers = {start: i for i, start in enumerate([*self._free, *self._owned])}
        starts = sorted(numbers)
        ends = [*(start - 1 for start in starts[1:]), MAX_PORT]
        return [(end, numbers[start]) for start, end in zip(starts, ends, strict=True)]

    def by_number(self, steps: Steps) -> Steps:
        """A map by port, which was among those given, as one by number of port."""
        made: list[tuple[int, int]] = []
        for starts, offset in ((self._free, 0), (self._owned, self.free)):
            for end, number in steps:
                last = offset + bisect_right(starts, end) - 1
                if last >= (made[-1][0] + 1 if made else 0):
                    made.append((last, number))
        return made


def _starts(steps: Steps) -> list[tuple[int, int]]:
    """Where each step starts, and its number."""
    return list(zip([0, *(end + 1 for end, _ in steps[:-1])], (n for _, n in steps), strict=True))
