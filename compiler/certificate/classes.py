"""Requests of one subject as bits of one integer, in the classes that rules tell apart.

A request has two bits, of which the lower counts, so that sets are placed as the tables
place verdicts.  docs/certificate.md says which place means what.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from compiler.ir.ir import AUTO, HOST, IR, PROTOCOLS, SELF, Ranges, Request, RequestSet
from compiler.ir.requests import (
    RAWSOCK_DOMAIN,
    RAWSOCK_TYPE,
    Axes,
    asked_for,
    catalogue,
    words_of_rules,
)

#: Stands for all cells that no rule of a subject names.
OTHERS = "*"
#: The conditions on sockets, in the order of their axes.
SOCKETS = ("domains", "types", "socket_protocols")
_BINDS = ("network.bind.port", "network.bind.privport")
_NOT_NARROWED = (None,) * 6
_FIRST_UNPRIVILEGED = 1024
#: Bits of an interval of ports: a verdict for each protocol of each of _BINDS.
_INTERVAL = 2 * len(_BINDS) * len(PROTOCOLS)


class Covered:
    """The bits of a set of actions."""

    def __init__(self, numbering: Numbering, names: Iterable[str]) -> None:
        self.own = self.target = self.bind = 0
        for name in names:
            if name in _BINDS:
                self.bind |= _repeated(len(PROTOCOLS), 2) << 6 * _BINDS.index(name)
            elif name in numbering.places:
                bit = 1 << 2 * numbering.places[name]
                self.own |= bit
                self.target |= bit if name in numbering.crossing else 0
            else:
                self.own |= numbering.asked[name]


class Numbering:
    """Places that are the same for all subjects: what carries nothing, and sockets."""

    def __init__(self, ir: IR, places: Mapping[str, int], processes: int) -> None:
        """`places` has each action but those of sockets and binds; processes have the first."""
        leaves = catalogue(ir).leaves
        self.ir = ir
        self.places = places
        self.actions = {place: leaf for leaf in leaves
                        if (place := places.get(leaf.name)) is not None}  # fmt: skip
        self.crossing = {leaf.name for leaf in leaves if leaf.dimension == "target"}
        self.binds = [next(x for x in leaves if x.name == name) for name in _BINDS]
        self.processes = processes
        self.rows = 1 + max(places.values())
        self.words = words_of_rules(ir.rules)
        self.axes = [[axis[-1], *axis[:-1]] for axis in self.words]
        raw = product([RAWSOCK_DOMAIN], [RAWSOCK_TYPE], self.axes[2])
        self.sockets = [*(("network.socket.open", *x) for x in product(*self.axes)),
                        *(("network.socket.rawsock", *x) for x in raw)]  # fmt: skip
        self.asked: dict[str, int] = {}
        self._on: list[dict[str, int]] = [{}, {}, {}]
        for place, (name, *words) in enumerate(self.sockets, self.rows):
            self.asked[name] = self.asked.get(name, 0) | 1 << 2 * place
            for on, word in zip(self._on, words, strict=True):
                on[word] = on.get(word, 0) | 1 << 2 * place
        self.all = Covered(self, [leaf.name for leaf in leaves])
        self._covered: dict[int, Covered] = {}
        self.asked_binds = tuple(map(self.asked_about, (AUTO, 1, _FIRST_UNPRIVILEGED)))

    def asked_about(self, port: int) -> int:
        """The bits of an interval of ports that the kernel asks about, given its first port.

        No interval has both privileged ports and others (`compiler.ir.requests.Axes`).
        """
        return Covered(self, [x.name for x in self.binds if asked_for(x, (port, port))]).bind

    @property
    def own(self) -> int:
        """How many places there are before those that depend on the subject."""
        return self.rows + len(self.sockets)

    def covered(self, actions: int) -> Covered:
        """The bits of an action set of the IR."""
        if actions not in self._covered:
            self._covered[actions] = Covered(self, self.ir.action_sets[actions])
        return self._covered[actions]

    def on_sockets(self, r: RequestSet) -> int:
        """The sockets that meet the conditions of a set; all bits when it has none."""
        bits = -1
        for on, axis in zip(self._on, SOCKETS, strict=True):
            words = getattr(r, axis)
            if words is not None:
                bits &= sum(on.get(word, 0) for word in words)
        return bits


class Space:
    """The requests of one subject."""

    def __init__(self, numbering: Numbering, subject: str, sets: Sequence[RequestSet]) -> None:
        """`sets` are those that the rules of the subject are about."""
        self._numbering = n = numbering
        self._subject = subject
        named = {m for r in sets if r.to is not None for m in r.to.members}
        named -= {SELF, HOST, subject}
        self.targets = [*sorted(named), *([HOST] if subject != HOST else []), OTHERS]
        others = (cell.name for cell in n.ir.cells if cell.name not in named | {subject})
        self._other = next(others, None)
        intervals = Axes(sets, n.words).ports
        self.ports = [*(low for low, _ in intervals), intervals[-1][1] + 1]
        self._step = 2 * n.processes
        self._start = 2 * n.own
        self._binds = self._start + self._step * len(self.targets)
        self._borders = _repeated(len(self.targets), self._step) << self._start
        self._intervals = _repeated(len(intervals), _INTERVAL) << self._binds
        auto, privileged, others_ = n.asked_binds
        first = bisect_left(self.ports, _FIRST_UNPRIVILEGED)
        asked = privileged * _repeated(first - 1, _INTERVAL) << _INTERVAL
        asked |= others_ * _repeated(len(intervals) - first, _INTERVAL) << _INTERVAL * first
        self._asked = (auto | asked) << self._binds
        real = len(self.targets) - (self._other is None)
        self.crossing = n.all.target * (_repeated(real, self._step) << self._start)
        self.all = n.all.own | self.crossing | self._asked

    def mask(self, r: RequestSet) -> int:
        """The bits of a set of requests: each condition leaves out what does not carry it."""
        n = self._numbering
        c = n.covered(r.actions)
        narrowed = (r.to, r.protocols, r.ports, r.domains, r.types, r.socket_protocols)
        bits = c.own
        if c.target or c.bind:
            bits |= c.target * self._borders | c.bind * self._intervals & self._asked
        if narrowed == _NOT_NARROWED:
            return bits & self.all
        if r.to is not None:
            bits &= self._to(r.to.members, r.to.exclude)
        if r.protocols is not None:
            on = sum(0b1000001 << 2 * PROTOCOLS.index(p) for p in r.protocols)
            bits &= on * self._intervals
        if r.ports is not None:
            bits &= self.at_ports(r.ports)
        return bits & n.on_sockets(r) & self.all

    def at_ports(self, ranges: Ranges) -> int:
        """All bits of some ranges of ports, which no interval straddles."""
        bits = 0
        for low, high in ranges:
            first, end = bisect_left(self.ports, low), bisect_left(self.ports, high + 1)
            bits |= (1 << _INTERVAL * end) - (1 << _INTERVAL * first)
        return bits << self._binds

    def _to(self, members: Sequence[str], exclude: bool) -> int:
        process = (1 << self._step) - 1
        bits = process if SELF in members or self._subject in members else 0
        for i, target in enumerate(self.targets):
            if target in members:
                bits |= process << self._start + self._step * i
        return (process | process * self._borders) & ~bits if exclude else bits

    def classes(self, sets: Iterable[RequestSet], within: int) -> list[int]:
        """Some requests in parts, of which neither the sets nor the defaults tell any apart."""
        parts = [part for part in (within & ~self.crossing, within & self.crossing) if part]
        for mask in dict.fromkeys(map(self.mask, sets)):
            cut: list[int] = []
            for part in parts:
                inside = part & mask
                if inside and inside != part:
                    cut.append(part & ~mask)
                cut.append(inside or part)
            parts = cut
        return parts

    def member(self, bits: int) -> Request:
        """One request of a set: the first."""
        n, subject = self._numbering, self._subject
        place = (bits & -bits).bit_length() // 2
        if place < n.rows:
            leaf = n.actions[place]
            process = leaf.dimension in ("self", "target")
            return Request(subject, leaf.name, target=subject if process else None)
        if place < n.own:
            name, domain, kind, protocol = n.sockets[place - n.rows]
            return Request(subject, name, domain=domain, type=kind, socket_protocol=protocol)
        if 2 * place < self._binds:
            index, place = divmod(place - n.own, n.processes)
            target = self.targets[index]
            name = n.actions[place].name
            return Request(subject, name, target=self._other if target == OTHERS else target)
        index, place = divmod(place - self._binds // 2, _INTERVAL // 2)
        bind, protocol_ = divmod(place, len(PROTOCOLS))
        return Request(subject, _BINDS[bind], protocol=PROTOCOLS[protocol_], port=self.ports[index])


@functools.cache
def _repeated(count: int, distance: int) -> int:
    """So many bits, each so far from the one before."""
    return sum(1 << distance * i for i in range(count))
