"""Maps from numbers to numbers: steps, and two levels of which each distinct page stands once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backends.kmod.tables import PAGE

#: Consecutive stretches of keys: where each ends (inclusive) and its number.
Steps = Sequence[tuple[int, int]]


class Pages:
    """Pages of numbers, as many as are distinct."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self._places: dict[tuple[int, ...], int] = {}
        self._uniform: dict[int, int] = {}

    def same(self, number: int) -> int:
        """The place of the page that gives all keys the same number."""
        if number not in self._uniform:
            self._uniform[number] = self.place((number,) * PAGE)
        return self._uniform[number]

    def place(self, page: tuple[int, ...]) -> int:
        """The place of a page."""
        place = self._places.get(page)
        if place is None:
            place = self._places[page] = len(self.numbers)
            self.numbers += page
        return place


class Maps:
    """Maps of equally many keys, of which each distinct one stands once."""

    def __init__(self, pages: Pages) -> None:
        self.tops: list[int] = []
        self._pages = pages
        self._numbers: dict[tuple[int, ...], int] = {}

    def add(self, steps: Steps) -> int:
        """The number of the map given by its steps, the last of which ends at its last key."""
        top: list[int] = []
        part: list[int] = []
        key = 0
        for end, number in steps:
            if part:
                part += [number] * min(end + 1 - key, PAGE - len(part))
                key = len(top) * PAGE + len(part)
                if len(part) < PAGE:
                    continue
                top.append(self._pages.place(tuple(part)))
            whole, rest = divmod(end + 1 - key, PAGE)
            if whole:
                top += [self._pages.same(number)] * whole
            part = [number] * rest
            key = end + 1
        if part:
            top.append(self._pages.place((*part, *part[-1:] * (PAGE - len(part)))))
        words = tuple(top)
        if words not in self._numbers:
            self._numbers[words] = len(self._numbers)
            self.tops += words
        return self._numbers[words]


def points(default: int, exceptions: Iterable[tuple[int, int]], last: int) -> Steps:
    """A map that gives `default` to all keys up to `last` but some, which come in order."""
    steps: list[tuple[int, int]] = []
    for key, number in exceptions:
        extend(steps, key - 1, default)
        extend(steps, key, number)
    extend(steps, last, default)
    return steps


def sums(parts: Iterable[tuple[int, int, int]], last: int) -> Steps:
    """The map that gives a key the sum of the numbers of all (low, high, number) around it."""
    changes: dict[int, int] = {}
    for low, high, number in parts:
        changes[low] = changes.get(low, 0) + number
        changes[high + 1] = changes.get(high + 1, 0) - number
    steps: list[tuple[int, int]] = []
    total = 0
    for key in sorted(changes):
        extend(steps, key - 1, total)
        total += changes[key]
    extend(steps, last, total)
    return steps


def extend(steps: list[tuple[int, int]], end: int, number: int) -> None:
    """Adds the keys up to `end` to steps, unless they reach as far already."""
    last = steps[-1] if steps else (-1, None)
    if end <= last[0]:
        return
    if last[1] == number:
        steps.pop()
    steps.append((end, number))
