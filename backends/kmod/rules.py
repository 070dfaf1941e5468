"""Which rule decides what: the folded rows again, for looking up at a denial who made it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from backends.kmod.columns import Covered
from backends.kmod.sockets import Axes
from backends.kmod.tables import ON, TO, TO_EXCLUDE, TO_SELF, Rule
from compiler.ir.ir import HOST, PROTOCOLS, SELF, Peers, RequestSet, Verdict
from compiler.ir.ir import Rule as SourceRule

_ALL_PROTOCOLS = 7 * ON


class Rules:
    """Collects the rules of cells and the sets of numbers that narrow them."""

    def __init__(
        self,
        source: Sequence[SourceRule],
        covered: Sequence[Covered],
        ids: Mapping[str, int],
        axes: Axes,
    ) -> None:
        self.rules: list[Rule] = []
        self.sets: list[int] = [0]
        self._source = source
        self._ids = ids
        self._axes = axes
        self._places: dict[tuple[int, ...], int] = {}
        self._spans: dict[tuple[Rule, ...], tuple[int, int]] = {(): (0, 0)}
        self._covered = covered
        self._known: dict[int, tuple[int, int, int, int, int]] = {}
        """By the identity of request sets, which live as long as the IR."""

    def add(self, verdicts: Iterable[Verdict]) -> tuple[int, int]:
        """The position of the rules behind some folded rows, and how many there are."""
        source, known = self._source, self._known
        made = tuple(
            [
                Rule(source[v.rule].id, *(known.get(id(v.requests)) or self._new(v.requests)))
                for v in verdicts
            ]
        )
        span = self._spans.get(made)
        if span is None:
            span = self._spans[made] = (len(self.rules), len(made))
            self.rules += made
        return span

    def _new(self, requests: RequestSet) -> tuple[int, int, int, int, int]:
        about = self._known[id(requests)] = self._about(requests)
        return about

    def _about(self, r: RequestSet) -> tuple[int, int, int, int, int]:
        """All of a rule but its id."""
        to = ports = socket = 0
        flags = _ALL_PROTOCOLS
        if r.to is not None:
            to, flags = self._peers(r.to)
        if r.protocols is not None:
            flags = _protocol_flags(r.protocols)
        if r.ports is not None:
            ports = self._ranges(r.ports)
        if r.domains is not None or r.types is not None or r.socket_protocols is not None:
            socket = self._socket(r)
        actions = self._numbers(self._covered[r.actions].columns)
        return actions, to, flags, ports, socket

    def _peers(self, peers: Peers) -> tuple[int, int]:
        flags = TO | _ALL_PROTOCOLS
        flags |= TO_SELF * (SELF in peers.members) | TO_EXCLUDE * peers.exclude
        cells = [0 if m == HOST else self._ids[m] for m in peers.members if m != SELF]
        return self._numbers(sorted(cells)), flags

    def _socket(self, requests: RequestSet) -> int:
        return self._place(tuple(self._numbers(axis) for axis in self._axes.classes(requests)))

    def _numbers(self, numbers: Sequence[int]) -> int:
        """The position of a set of numbers in ascending order."""
        ranges: list[tuple[int, int]] = []
        for number in numbers:
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1] = (ranges[-1][0], number)
            else:
                ranges.append((number, number))
        return self._ranges(ranges)

    def _ranges(self, ranges: Sequence[tuple[int, int]]) -> int:
        return self._place((len(ranges), *[low << 16 | high for low, high in ranges]))

    def _place(self, words: tuple[int, ...]) -> int:
        place = self._places.get(words)
        if place is None:
            place = self._places[words] = len(self.sets)
            self.sets += words
        return place


@functools.cache
def _protocol_flags(protocols: tuple[str, ...]) -> int:
    return sum(ON << PROTOCOLS.index(protocol) for protocol in protocols)
