"""Which bit is what in a box: subjects, leaves, targets, ports and words, for one or more policies.

Bits of words stand for all constants of NetBSD, not only those that rules name, so
that boxes of two policies can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import compress

from compiler.analysis.boxes import Box, Key, joined
from compiler.catalogue.actions import Dimension, Leaf
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, TYPES
from compiler.ir.ir import (
    AUTO,
    HOST,
    HOST_ROOT,
    IR,
    OTHER,
    PROTOCOLS,
    SELF,
    Peers,
    Ranges,
    Request,
    RequestSet,
)
from compiler.ir.requests import RAWSOCK_DOMAIN, RAWSOCK_TYPE, Words, catalogue
from compiler.lowering.space import members
from compiler.record import NamedTuple

#: The bit of the subject's own cell among targets.
OWN = 1
#: The bit of the host, among targets and among subjects.
ON_HOST = 2
_NAMED = -2


class _Axis:
    """The words of one condition of sockets; the last bit is every number without a name."""

    def __init__(self, known: Iterable[str], named: Iterable[str]) -> None:
        self.words = (*sorted({*known, *named} - {OTHER}), OTHER)
        self.bits = {word: 1 << i for i, word in enumerate(self.words)}
        self.all = (1 << len(self.words)) - 1

    def mask(self, words: tuple[str, ...] | None, told_apart: Iterable[str]) -> int:
        """Some words as bits; "other" is every word but those that are told apart."""
        if words is None:
            return self.all
        bits = sum(self.bits[word] for word in words)
        if OTHER in words:
            bits |= self.all & ~sum(self.bits[word] for word in told_apart if word != OTHER)
        return bits


class _Kind(NamedTuple):
    """Leaves whose requests carry the same."""

    actions: int
    whole: Box
    """Every request of them, of any subject."""


class Frame:
    """The numbering for some policies; cells are known by name in all of them."""

    def __init__(self, *irs: IR) -> None:
        names = sorted({cell.name for ir in irs for cell in ir.cells})
        self.targets: tuple[str, ...] = (SELF, HOST, *names)
        """Names of targets by bit; names of subjects are the same but for the first."""
        self.subjects: tuple[str, ...] = ("", HOST, *names, HOST_ROOT)
        self.bits: Mapping[str, int] = {
            **{name: 1 << i for i, name in enumerate(self.subjects) if i},
            SELF: OWN,
        }
        self.root = self.bits[HOST_ROOT]
        self.everybody = (1 << len(self.subjects)) - 2
        self._all_targets = (1 << len(self.targets)) - 1
        known = [leaf for ir in irs for leaf in catalogue(ir).leaves]
        found = {leaf.name: leaf for leaf in sorted(known, key=lambda leaf: leaf.asked)}
        self.leaves: tuple[Leaf, ...] = tuple(sorted(found.values(), key=lambda x: x.column))
        self.leaf_bits = {leaf.name: 1 << i for i, leaf in enumerate(self.leaves)}
        self.asked = sum(self.leaf_bits[leaf.name] for leaf in self.leaves if leaf.asked)
        sets = [rule.requests for ir in irs for rule in ir.rules]
        self.domains = _Axis(PROTOCOL_FAMILIES, (w for s in sets for w in s.domains or ()))
        self.types = _Axis(TYPES, (w for s in sets for w in s.types or ()))
        self.socket_protocols = _Axis(
            IP_PROTOCOLS, (w for s in sets for w in s.socket_protocols or ())
        )
        self._names: dict[int, tuple[str, ...]] = {}
        """By bits: most rows are about the same subjects as others."""
        self._process = self._of_dimension("self", "target")
        self._binds = self._of_dimension("bind")
        self._sockets = self._of_dimension("socket", "rawsock")
        self._kinds = tuple(self._sorted())

    def _of_dimension(self, *dimensions: Dimension) -> int:
        return sum(self.leaf_bits[x.name] for x in self.leaves if x.dimension in dimensions)

    def _sorted(self) -> Iterator[_Kind]:
        kinds: dict[tuple[str, Ranges | None], int] = {}
        for leaf in self.leaves:
            carries = "none" if leaf.dimension == "mask" else leaf.dimension
            key = (carries, None if leaf.ports is None else (leaf.ports,))
            kinds[key] = kinds.get(key, 0) | self.leaf_bits[leaf.name]
        for (dimension, ports), actions in kinds.items():
            box = Box(self.everybody, actions)
            if dimension == "target":
                box = box._replace(targets=self._all_targets)
            elif ports is not None:
                box = box._replace(
                    protocols=(1 << len(PROTOCOLS)) - 1, ports=port_bits((*ports, (AUTO, AUTO)))
                )
            elif dimension in ("socket", "rawsock"):
                raw = dimension == "rawsock"
                box = box._replace(
                    domains=self.domains.bits[RAWSOCK_DOMAIN] if raw else self.domains.all,
                    types=self.types.bits[RAWSOCK_TYPE] if raw else self.types.all,
                    socket_protocols=self.socket_protocols.all,
                )
            yield _Kind(actions, box)

    def everything(self, subjects: int = -1) -> list[Box]:
        """Every request of some subjects, asked by kernel code or not."""
        return [
            box
            for kind in self._kinds
            for box in self._of_kind(kind, subjects & self.everybody, kind.actions, _ALL, None)
        ]

    def carries_target(self, actions: int) -> bool:
        """Whether some of these leaves are about one process doing something to another."""
        return bool(self._process & actions)

    def whole(self, actions: int) -> Box:
        """Every request of anybody that carries what some leaves of one box carry."""
        return next(kind.whole for kind in self._kinds if kind.actions & actions)

    def joined(self, rows: Iterable[tuple[Key, Box]]) -> list[tuple[Key, Box]]:
        """Few boxes for disjoint ones with equal keys; leaves of each still carry the same."""
        binds, sockets = self._binds, self._sockets
        apart = (
            ((key, bool(box.actions & binds), bool(box.actions & sockets)), box)
            for key, box in rows
        )
        return [(key, box) for (key, _, _), box in joined(apart)]

    def boxes(
        self,
        subjects: int,
        actions: int,
        conditions: RequestSet,
        told_apart: Words | None = None,
    ) -> list[Box]:
        """A set of requests as disjoint boxes; its own actions are not looked at.

        `told_apart` holds the words that give "other" its meaning in the conditions.
        """
        return [
            box
            for kind in self._kinds
            if kind.actions & actions
            for box in self._of_kind(kind, subjects, kind.actions & actions, conditions, told_apart)
        ]

    def _of_kind(
        self, kind: _Kind, subjects: int, actions: int, wanted: RequestSet, words: Words | None
    ) -> Iterator[Box]:
        whole = kind.whole
        box = whole._replace(actions=actions)
        if wanted.protocols is not None or wanted.ports is not None:
            if whole.ports == 1:
                return
            chosen = PROTOCOLS if wanted.protocols is None else wanted.protocols
            protocols = sum(1 << PROTOCOLS.index(p) for p in chosen)
            ports = -1 if wanted.ports is None else port_bits(wanted.ports)
            box = box._replace(protocols=protocols, ports=box.ports & ports)
        given = (wanted.domains, wanted.types, wanted.socket_protocols)
        if given != (None, None, None):
            if whole.socket_protocols == 1:
                return
            words = words or Words([], [], [])
            box = box._replace(
                domains=box.domains & self.domains.mask(given[0], words.domains),
                types=box.types & self.types.mask(given[1], words.types),
                socket_protocols=self.socket_protocols.mask(given[2], words.socket_protocols),
            )
        if not self._process & actions:
            if wanted.to is None and all(box):
                yield from _for(box, subjects)
            return
        if not all(box):
            return
        for some, targets in self._towards(wanted.to, subjects):
            if some == self.root and whole.targets == OWN:  # its own cell is the host
                if targets & ON_HOST:
                    yield box._replace(subjects=some)
            elif targets & whole.targets:
                yield from _for(box._replace(targets=targets & whole.targets), some)

    def _towards(self, to: Peers | None, subjects: int) -> Iterator[tuple[int, int]]:
        """Targets as seen from subjects, who are told apart where they are targets themselves."""
        named = 0
        exclude = to is None or to.exclude
        for member in to.members if to is not None else ():
            named |= self.bits[member]
        for some, bits in (
            (subjects & ~self.root & ~(named & _NAMED), named),
            (subjects & ~self.root & (named & _NAMED), named | OWN),
            (subjects & self.root, named),
        ):
            targets = self._all_targets & ~bits if exclude else bits
            if some == self.root:
                targets &= ~OWN
            if some and targets:
                yield some, targets

    def point(self, request: Request) -> Box:
        """The box of one request; what it does not say is the host, "other" or `auto`."""
        subject = self.bits[request.subject]
        box = Box(subject, self.leaf_bits[request.action])
        leaf = self.leaves[box.actions.bit_length() - 1]
        if leaf.dimension == "target":
            target = request.target or HOST
            return box._replace(targets=OWN if target == request.subject else self.bits[target])
        if leaf.dimension == "bind":
            protocol = 1 << PROTOCOLS.index(request.protocol or OTHER)
            return box._replace(protocols=protocol, ports=1 << (request.port or AUTO))
        if leaf.dimension in ("socket", "rawsock"):
            return box._replace(
                domains=self.domains.bits[request.domain or OTHER],
                types=self.types.bits[request.type or OTHER],
                socket_protocols=self.socket_protocols.bits[request.socket_protocol or OTHER],
            )
        return box

    def subject_bits(self, names: Iterable[str]) -> int:
        """Names of cells, "host" and "host-root" as bits."""
        return sum(self.bits[name] for name in names)

    def subject_names(self, bits: int) -> tuple[str, ...]:
        known = self._names.get(bits)
        if known is None:
            few = bits.bit_count() < 16
            known = self._names[bits] = (
                tuple(self.subjects[i] for i in members(bits))
                if few
                else tuple(compress(self.subjects, map(int, f"{bits:b}"[::-1])))
            )
        return known

    def witness(self, box: Box) -> Request:
        """The first request of a box."""
        subject = box.subjects & -box.subjects
        leaf = self.leaves[(box.actions & -box.actions).bit_length() - 1]
        name = self.subjects[subject.bit_length() - 1]
        if leaf.dimension == "self":
            return Request(name, leaf.name, HOST if subject == self.root else name)
        if leaf.dimension == "target":
            towards = box.targets & ~subject
            if not towards:  # only its own bit: another subject has that target
                return self.witness(box._replace(subjects=box.subjects & ~subject))
            target = self.targets[(towards & -towards).bit_length() - 1]
            return Request(name, leaf.name, name if target == SELF else target)
        if leaf.dimension == "bind":
            protocol = PROTOCOLS[(box.protocols & -box.protocols).bit_length() - 1]
            return Request(name, leaf.name, protocol=protocol, port=_first(box.ports))
        if leaf.dimension in ("socket", "rawsock"):
            return Request(
                name,
                leaf.name,
                domain=self.domains.words[_first(box.domains)],
                type=self.types.words[_first(box.types)],
                socket_protocol=self.socket_protocols.words[_first(box.socket_protocols)],
            )
        return Request(name, leaf.name)


_ALL = RequestSet(-1)


def _for(box: Box, subjects: int) -> Iterator[Box]:
    """The box for some subjects; one that is alone is not among its own named targets."""
    targets = box.targets
    if not subjects & (subjects - 1):
        targets &= ~subjects
    if subjects and targets:
        yield box._replace(subjects=subjects, targets=targets)


def _first(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def port_bits(ranges: Ranges) -> int:
    """Inclusive ranges of ports as bits."""
    bits = 0
    for low, high in ranges:
        bits |= (1 << (high + 1)) - (1 << low)
    return bits


def port_ranges(bits: int) -> Ranges:
    """Bits as inclusive ranges; `auto` (port 0) stays apart."""
    ranges = []
    if bits & 1:
        ranges.append((AUTO, AUTO))
        bits ^= 1
    while bits:
        low = _first(bits)
        run = _first(~(bits >> low))
        ranges.append((low, low + run - 1))
        bits &= -1 << (low + run)
    return tuple(ranges)
