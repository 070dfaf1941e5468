"""Maps from numbers to numbers in two levels: pages, of which each distinct one stands once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backends.kmod.tables import PAGE

#: Consecutive stretches of keys: where each ends (inclusive) and its number.
Steps = Sequence[tuple[int, int]]


class Maps:
    """Builds maps into two arrays, in which every distinct page, and map, stands once."""

    def __init__(self) -> None:
        self.tops: list[int] = []
        self.pages: list[int] = []
        self._pages: dict[tuple[int, ...], int] = {}
        self._uniform: dict[int, int] = {}
        self._roots: dict[tuple[int, ...], int] = {}

    def add(self, steps: Steps) -> int:
        """The position of a map given by its steps, the last of which ends at its last key."""
        top: list[int] = []
        part: list[int] = []
        key = 0
        for end, number in steps:
            if part:
                part += [number] * min(end + 1 - key, PAGE - len(part))
                key = len(top) * PAGE + len(part)
                if len(part) < PAGE:
                    continue
                top.append(self._page(tuple(part)))
            whole, rest = divmod(end + 1 - key, PAGE)
            if whole:
                top += [self._same(number)] * whole
            part = [number] * rest
            key = end + 1
        if part:
            top.append(self._page((*part, *part[-1:] * (PAGE - len(part)))))
        words = tuple(top)
        if words not in self._roots:
            self._roots[words] = len(self.tops)
            self.tops += words
        return self._roots[words]

    def _same(self, number: int) -> int:
        """The page that gives all keys the same number."""
        if number not in self._uniform:
            self._uniform[number] = self._page((number,) * PAGE)
        return self._uniform[number]

    def _page(self, page: tuple[int, ...]) -> int:
        position = self._pages.get(page)
        if position is None:
            position = self._pages[page] = len(self.pages)
            self.pages += page
        return position


def points(default: int, exceptions: Iterable[tuple[int, int]], last: int) -> Steps:
    """A map that gives `default` to all keys up to `last` but some, which come in order."""
    steps: list[tuple[int, int]] = []
    for key, number in exceptions:
        _extend(steps, key - 1, default)
        _extend(steps, key, number)
    _extend(steps, last, default)
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
        _extend(steps, key - 1, total)
        total += changes[key]
    _extend(steps, last, total)
    return steps


def _extend(steps: list[tuple[int, int]], end: int, number: int) -> None:
    last = steps[-1] if steps else (-1, None)
    if end <= last[0]:
        return
    if last[1] == number:
        steps.pop()
    steps.append((end, number))
