"""Maps from 16 bits to a number: trees of three levels whose equal parts are one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backends.kmod.tables import FANOUT, LEAF, MAX_ID, MIDDLE_SPAN, TOP_SPAN

#: Consecutive stretches of keys: where each ends (inclusive) and its number.
Steps = Sequence[tuple[int, int]]


class Maps:
    """Builds maps into one array, in which every distinct node stands once."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self._nodes: dict[tuple[int, ...], int] = {}
        self._uniform: dict[tuple[int, int], int] = {}
        self._roots: dict[tuple[tuple[int, int], ...], int] = {}

    def add(self, steps: Steps) -> int:
        """The position of a map given by its steps, the last of which ends at 65535."""
        key = tuple(steps)
        root = self._roots.get(key)
        if root is None:
            root = self._roots[key] = self._build(key, 0, TOP_SPAN, FANOUT)
        return root

    def _build(self, steps: Steps, start: int, span: int, width: int) -> int:
        """A node of `width` words that stand for `span` keys each, from key `start` on."""
        node: list[int] = []
        i = 0
        while len(node) < width:
            low = start + len(node) * span
            while steps[i][0] < low:
                i += 1
            end, number = steps[i]
            whole = min((end + 1 - low) // span, width - len(node))
            if whole:
                node += [self._same(number, span)] * whole
            elif span == TOP_SPAN:
                node.append(self._build(steps[i:], low, MIDDLE_SPAN, FANOUT))
            else:
                node.append(self._build(steps[i:], low, 1, LEAF))
        return self._intern(tuple(node))

    def _same(self, number: int, span: int) -> int:
        """What a word for `span` keys holds when all of them have the same number."""
        if span == 1:
            return number
        position = self._uniform.get((number, span))
        if position is None:
            if span == MIDDLE_SPAN:
                node = (number,) * LEAF
            else:
                node = (self._same(number, MIDDLE_SPAN),) * FANOUT
            position = self._uniform[number, span] = self._intern(node)
        return position

    def _intern(self, node: tuple[int, ...]) -> int:
        position = self._nodes.get(node)
        if position is None:
            position = self._nodes[node] = len(self.words)
            self.words += node
        return position


def constant(number: int) -> Steps:
    """A map that gives every key the same number."""
    return [(MAX_ID, number)]


def points(default: int, exceptions: Iterable[tuple[int, int]]) -> Steps:
    """A map that gives `default` to all keys but some; the exceptions in order of keys."""
    steps: list[tuple[int, int]] = []
    for key, number in exceptions:
        _extend(steps, key - 1, default)
        _extend(steps, key, number)
    _extend(steps, MAX_ID, default)
    return steps


def sums(parts: Iterable[tuple[int, int, int]]) -> Steps:
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
    _extend(steps, MAX_ID, total)
    return steps


def _extend(steps: list[tuple[int, int]], end: int, number: int) -> None:
    last = steps[-1] if steps else (-1, None)
    if end <= last[0]:
        return
    if last[1] == number:
        steps.pop()
    steps.append((end, number))
