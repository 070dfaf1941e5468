"""Sets of requests as bits of one integer, so that comparing and folding them is arithmetic.

A space numbers the classes of requests that one cell's rules can tell apart.
Leaves without conditions come first, each one bit; then a block per leaf that
carries a target, a port or a socket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from compiler.catalogue.actions import Catalogue, Leaf
from compiler.ir.ir import HOST, PROTOCOLS, SELF, Peers, Request, RequestSet
from compiler.ir.requests import RAWSOCK_DOMAIN, RAWSOCK_TYPE, Axes, Words, asked_for


class Block(NamedTuple):
    """The bits of one leaf: `size` of them from bit `offset` on."""

    leaf: Leaf
    offset: int
    size: int


class Universe:
    """All cells of a policy as targets: bit 0 is "self", bit 1 the host, then every cell."""

    def __init__(self, cells: Iterable[str]) -> None:
        self.names = (SELF, HOST, *cells)
        self.bits = {name: 1 << i for i, name in enumerate(self.names)}
        self.all = (1 << len(self.names)) - 1

    def mask(self, peers: Peers, subject: str | None) -> int:
        """The peers as bits, seen from `subject` (None: a cell with no name)."""
        own = self.bits[subject] if subject is not None else 0
        bits = 0
        for member in peers.members:
            bits |= self.bits[member]
        if bits & own:
            bits |= 1
        return (self.all & ~bits if peers.exclude else bits) & ~own

    def peers(self, mask: int, subject: str | None) -> Peers:
        """The shorter way to say which peers a mask holds."""
        own = self.bits[subject] if subject is not None else 0
        rest = self.all & ~mask & ~own
        exclude = rest.bit_count() < mask.bit_count()
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
        catalogue: Catalogue,
        action_sets: list[tuple[str, ...]],
        universe: Universe,
        subject: str | None,
        sets: Iterable[RequestSet],
        words: Words,
    ) -> None:
        sets = list(sets)
        self.universe = universe
        self.subject = subject
        self.axes = Axes(sets, words)
        self.peers = self._partition({s.to for s in sets if s.to is not None})
        self._action_sets = action_sets
        self.plain: list[Leaf] = []
        self.blocks: list[Block] = []
        self._number(catalogue)
        self._blocks = {b.leaf.name: b for b in self.blocks}
        self._plain = {leaf.name: 1 << i for i, leaf in enumerate(self.plain)}

    def _partition(self, to: set[Peers]) -> list[int]:
        own = self.universe.bits[self.subject] if self.subject is not None else 0
        atoms = [1, self.universe.all & ~1 & ~own]
        for peers in sorted(to):
            mask = self.universe.mask(peers, self.subject)
            atoms = [part for atom in atoms for part in (atom & mask, atom & ~mask) if part]
        return atoms

    def _number(self, catalogue: Catalogue) -> None:
        self.plain = [x for x in catalogue.leaves if x.dimension in ("none", "self", "mask")]
        offset = len(self.plain)
        axes = self.axes
        sockets = len(axes.domains) * len(axes.types) * len(axes.socket_protocols)
        sizes = {
            "target": len(self.peers),
            "bind": len(PROTOCOLS) * len(axes.ports),
            "socket": sockets,
            "rawsock": len(axes.socket_protocols),
        }
        for leaf in catalogue.leaves:
            size = sizes.get(leaf.dimension)
            if size is not None:
                self.blocks.append(Block(leaf, offset, size))
                offset += size

    def mask(self, requests: RequestSet) -> int:
        """The bits of a set of requests."""
        bits = 0
        narrowed = (
            requests.protocols or requests.ports or requests.domains
            or requests.types or requests.socket_protocols
        ) is not None  # fmt: skip
        for name in self._action_sets[requests.actions]:
            plain = self._plain.get(name)
            if plain is None:
                block = self._blocks[name]
                bits |= self._block_mask(block.leaf, requests) << block.offset
            elif not narrowed and (requests.to is None or self._to_self(requests, name)):
                bits |= plain
        return bits

    def _to_self(self, requests: RequestSet, name: str) -> bool:
        """Whether the rule covers a leaf whose target is always the caller."""
        assert requests.to is not None
        leaf = self.plain[self._plain[name].bit_length() - 1]
        own = self.universe.mask(requests.to, self.subject) & 1
        return leaf.dimension == "self" and bool(own)

    def _block_mask(self, leaf: Leaf, requests: RequestSet) -> int:
        if leaf.dimension == "target":
            return self._targets(requests)
        if leaf.dimension == "bind":
            return self._binds(leaf, requests)
        return self._sockets(leaf, requests)

    def _targets(self, requests: RequestSet) -> int:
        if requests.to is None:
            return (1 << len(self.peers)) - 1
        mask = self.universe.mask(requests.to, self.subject)
        return sum(1 << i for i, atom in enumerate(self.peers) if atom & mask)

    def _binds(self, leaf: Leaf, requests: RequestSet) -> int:
        if requests.domains or requests.types or requests.socket_protocols or requests.to:
            return 0
        ports = self.axes.ports
        wanted = requests.ports
        row = sum(
            1 << i
            for i, (low, high) in enumerate(ports)
            if asked_for(leaf, (low, high))
            and (wanted is None or any(a <= low and high <= b for a, b in wanted))
        )
        protocols = PROTOCOLS if requests.protocols is None else requests.protocols
        return sum(row << (PROTOCOLS.index(p) * len(ports)) for p in protocols)

    def _sockets(self, leaf: Leaf, requests: RequestSet) -> int:
        if requests.protocols or requests.ports or requests.to:
            return 0
        axes = self.axes
        width = len(axes.socket_protocols)
        row = _chosen(axes.socket_protocols, requests.socket_protocols)
        if leaf.dimension == "rawsock":
            fits = RAWSOCK_DOMAIN in (requests.domains or (RAWSOCK_DOMAIN,))
            return row if fits and RAWSOCK_TYPE in (requests.types or (RAWSOCK_TYPE,)) else 0
        plane = _spread(_chosen(axes.types, requests.types), row, width)
        return _spread(_chosen(axes.domains, requests.domains), plane, width * len(axes.types))

    def witness(self, bits: int) -> Request:
        """The first request of a set that is not empty."""
        index = (bits & -bits).bit_length() - 1
        subject = self.subject or "?"
        if index < len(self.plain):
            leaf = self.plain[index]
            return Request(subject, leaf.name, subject if leaf.dimension == "self" else None)
        block = next(b for b in self.blocks if b.offset <= index < b.offset + b.size)
        return self._member(block.leaf, index - block.offset)

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
