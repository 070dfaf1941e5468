"""Sets of requests as bits of one integer, so that comparing and folding them is arithmetic.

A space numbers the classes of requests that one cell's rules can tell apart.
Leaves without conditions come first, each one bit; then a block per leaf that
carries a target, a port or a socket.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator

from compiler.catalogue.actions import Leaf
from compiler.ir.ir import HOST, PROTOCOLS, SELF, Peers, Request, RequestSet
from compiler.ir.requests import RAWSOCK_DOMAIN, RAWSOCK_TYPE, Axes
from compiler.lowering.layout import Layout

#: Ports below are asked about as bind.privport (IPPORT_RESERVED of netinet/in.h).
FIRST_UNPRIVILEGED = 1024
#: AUTO and all others.
ALL_PORTS = (0, 65535)


class Universe:
    """All cells of a policy as targets: bit 0 is "self", bit 1 the host, then every cell."""

    def __init__(self, cells: Iterable[str]) -> None:
        self.names = (SELF, HOST, *cells)
        self.bits = {name: 1 << i for i, name in enumerate(self.names)}
        self.all = (1 << len(self.names)) - 1
        self._no_cells = self.bits[SELF] | self.bits[HOST]

    def mask(self, peers: Peers, subject: str | None) -> int:
        """The peers as bits, seen from `subject` (None: a cell with no name)."""
        own = self.bits[subject] if subject is not None else 0
        bits = 0
        for member in peers.members:
            bits |= self.bits[member]
        if bits & own:
            bits |= 1
        return (self.all & ~bits if peers.exclude else bits) & ~own

    def peers(self, mask: int, subject: str | None, named: int) -> Peers:
        """Which peers a mask holds, in words that fit every cell with the rules of `subject`.

        Cells that rules do not name (`named`) are told by exclusion: to each other one, other
        cells are those without a name.  Where there are none, the shorter way is taken.
        """
        own = self.bits[subject] if subject is not None else 0
        rest = self.all & ~mask & ~own
        nameless = self.all & ~named & ~own & ~self._no_cells
        exclude = bool(mask & nameless) if nameless else rest.bit_count() < mask.bit_count()
        bits = rest if exclude else mask
        members = []
        while bits:
            low = bits & -bits
            members.append(self.names[low.bit_length() - 1])
            bits ^= low
        return Peers(exclude, tuple(sorted(members)))


class Space:
    """The numbering of requests for one cell, and the bits of request sets in it."""

    def __init__(
        self,
        layout: Layout,
        universe: Universe,
        subject: str | None,
        sets: Iterable[RequestSet],
    ) -> None:
        """Tells apart what `sets` do; those without peers and ports add nothing."""
        sets = list(sets)
        self.layout = layout
        self.universe = universe
        self.subject = subject
        self.axes = Axes(sets, layout.words)
        self.named = 0
        """The targets that `sets` name, as bits of the universe."""
        self.peers = self._partition({s.to for s in sets if s.to is not None})
        sizes = len(self.peers), len(PROTOCOLS) * len(self.axes.ports)
        self.offsets, self.sizes = layout.blocks_for(*sizes)
        self._starts = [low for low, _ in self.axes.ports]
        self._ends = [high for _, high in self.axes.ports]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Spaces of one shape number requests alike, but for what ports and peers they are."""
        low = sum(ports[1] < FIRST_UNPRIVILEGED for ports in self.axes.ports)
        return len(self.peers), len(self.axes.ports), low

    def _partition(self, to: set[Peers]) -> list[int]:
        """All targets in the fewest groups that no rule tells apart; the cell's own first."""
        own = self.universe.bits[self.subject] if self.subject is not None else 0
        atoms = [1, self.universe.all & ~1 & ~own]
        for peers in sorted(to, key=lambda peers: (peers.exclude, peers.members)):
            mask = self.universe.mask(peers, self.subject)
            self.named |= self.universe.all & ~own & ~mask if peers.exclude else mask
            atoms = [part for atom in atoms for part in (atom & mask, atom & ~mask) if part]
        return atoms

    def mask(self, requests: RequestSet) -> int:
        """The bits of a set of requests."""
        known = self.layout.masks.get(id(requests))
        if known is None:
            known = self._mask(requests)
            if requests.to is None and not known & ~self.layout.fixed:
                self.layout.masks[id(requests)] = known
        return known

    def _mask(self, requests: RequestSet) -> int:
        parts = self.layout.parts(requests.actions)
        bits = 0
        if _only_actions(requests):
            bits = parts.own
            if requests.to is None:
                bits |= parts.plain
            elif not self.universe.mask(requests.to, self.subject) & 1:
                bits = 0
        offsets = self.offsets
        memo: dict[str, int] = {}
        for index in parts.blocks:
            leaf = self.layout.blocks[index]
            if leaf.dimension == "bind":
                bits |= self._binds(leaf, requests) << offsets[index]
                continue
            block = memo.get(leaf.dimension)
            if block is None:
                block = memo[leaf.dimension] = self._block(leaf, requests)
            bits |= block << offsets[index]
        return bits

    def _block(self, leaf: Leaf, requests: RequestSet) -> int:
        if leaf.dimension == "target":
            return self._targets(requests) if _only_actions(requests) else 0
        return self._sockets(leaf, requests)

    def _targets(self, requests: RequestSet) -> int:
        if requests.to is None:
            return (1 << len(self.peers)) - 1
        mask = self.universe.mask(requests.to, self.subject)
        return sum(1 << i for i, atom in enumerate(self.peers) if atom & mask)

    def _binds(self, leaf: Leaf, requests: RequestSet) -> int:
        if (
            requests.domains is not None
            or requests.types is not None
            or requests.socket_protocols is not None
            or requests.to is not None
        ):
            return 0
        assert leaf.ports is not None
        asked = self._intervals(*leaf.ports) | 1  # the kernel asks every leaf about AUTO
        row = 0
        for low, high in (ALL_PORTS,) if requests.ports is None else requests.ports:
            row |= self._intervals(low, high)
        row &= asked
        bits = 0
        for protocol in PROTOCOLS if requests.protocols is None else requests.protocols:
            bits |= row << (PROTOCOLS.index(protocol) * len(self._starts))
        return bits

    def _intervals(self, low: int, high: int) -> int:
        """The intervals of ports inside [low, high], as bits."""
        first = bisect.bisect_left(self._starts, low)
        after = bisect.bisect_right(self._ends, high)
        return (1 << after) - (1 << first) if first < after else 0

    def _sockets(self, leaf: Leaf, requests: RequestSet) -> int:
        if requests.protocols is not None or requests.ports is not None or requests.to is not None:
            return 0
        axes = self.axes
        width = len(axes.socket_protocols)
        row = _chosen(axes.socket_protocols, requests.socket_protocols)
        if leaf.dimension == "rawsock":
            fits = RAWSOCK_DOMAIN in (requests.domains or (RAWSOCK_DOMAIN,))
            return row if fits and RAWSOCK_TYPE in (requests.types or (RAWSOCK_TYPE,)) else 0
        plane = _spread(_chosen(axes.types, requests.types), row, width)
        return _spread(_chosen(axes.domains, requests.domains), plane, width * len(axes.types))

    def blocks(self, bits: int) -> Iterator[tuple[int, int]]:
        """The leaves of `Layout.blocks` with bits set, each by its index, and those bits."""
        done = len(self.layout.plain)
        high = bits >> done
        while high:
            first = done + (high & -high).bit_length() - 1
            index = bisect.bisect_right(self.offsets, first) - 1
            end = self.offsets[index] + self.sizes[index]
            yield index, bits >> self.offsets[index] & ((1 << self.sizes[index]) - 1)
            done = end
            high = bits >> done

    def witness(self, bits: int) -> Request:
        """The first request of a set that is not empty."""
        index = (bits & -bits).bit_length() - 1
        subject = self.subject or "?"
        if index < len(self.layout.plain):
            leaf = self.layout.plain[index]
            return Request(subject, leaf.name, subject if leaf.dimension == "self" else None)
        block = bisect.bisect_right(self.offsets, index) - 1
        return self._member(self.layout.blocks[block], index - self.offsets[block])

    def _member(self, leaf: Leaf, index: int) -> Request:
        subject = self.subject or "?"
        axes = self.axes
        if leaf.dimension == "target":
            low = self.peers[index] & -self.peers[index]
            target = self.universe.names[low.bit_length() - 1]
            return Request(subject, leaf.name, subject if target == SELF else target)
        if leaf.dimension == "bind":
            protocol, interval = divmod(index, len(axes.ports))
            port = axes.ports[interval][0]
            return Request(subject, leaf.name, protocol=PROTOCOLS[protocol], port=port)
        rest, protocol = divmod(index, len(axes.socket_protocols))
        word = axes.socket_protocols[protocol]
        if leaf.dimension == "rawsock":
            return Request(
                subject, leaf.name, domain=RAWSOCK_DOMAIN, type=RAWSOCK_TYPE, socket_protocol=word
            )
        domain, kind = divmod(rest, len(axes.types))
        return Request(
            subject,
            leaf.name,
            domain=axes.domains[domain],
            type=axes.types[kind],
            socket_protocol=word,
        )


def _only_actions(requests: RequestSet) -> bool:
    """Whether no condition narrows the set, `to` aside."""
    return (
        requests.protocols is None
        and requests.ports is None
        and requests.domains is None
        and requests.types is None
        and requests.socket_protocols is None
    )


def _chosen(axis: list[str], words: tuple[str, ...] | None) -> int:
    return sum(1 << i for i, word in enumerate(axis) if words is None or word in words)


def _spread(outer: int, inner: int, width: int) -> int:
    """`inner` copied to every multiple of `width` whose bit is set in `outer`."""
    return sum(inner << (i * width) for i in members(outer))


def members(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
