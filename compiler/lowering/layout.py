"""Which bits of a space belong to which leaves, as far as it is the same for all cells.

Leaves that carry nothing come first, each one bit; then a block per leaf that
carries a socket, whose size follows from the words that the policy names; these
bits mean the same in every space.  Blocks of leaves that carry a target or a port
come last: their sizes differ from cell to cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from compiler.catalogue.actions import Catalogue, Leaf
from compiler.ir.ir import RequestSet
from compiler.ir.requests import Words
from compiler.record import NamedTuple


class Parts(NamedTuple):
    """A set of leaves, by what else their requests carry."""

    plain: int
    """Bits of leaves that carry nothing."""
    own: int
    """Bits of leaves whose target is always the caller."""
    blocks: tuple[int, ...]
    """Indices into `Layout.blocks` of leaves with a block of bits of their own."""


class Layout:
    """The leaves of a catalogue in the order of their bits: single bits, then blocks."""

    def __init__(
        self, catalogue: Catalogue, action_sets: Sequence[tuple[str, ...]], words: Words
    ) -> None:
        self.words = words
        single = ("none", "self", "mask")
        self.plain: list[Leaf] = [x for x in catalogue.leaves if x.dimension in single]
        order = ("socket", "rawsock", "target", "bind")
        carrying = [x for x in catalogue.leaves if x.dimension in order]
        self.blocks = sorted(carrying, key=lambda leaf: order.index(leaf.dimension))
        self.sizes = {
            "socket": len(words.domains) * len(words.types) * len(words.socket_protocols),
            "rawsock": len(words.socket_protocols),
        }
        """Sizes of the blocks that are the same in every space."""
        sockets = sum(self.sizes.get(leaf.dimension, 0) for leaf in self.blocks)
        self.fixed = (1 << (len(self.plain) + sockets)) - 1
        """The bits that mean the same in every space."""
        self.all_plain = (1 << len(self.plain)) - 1
        self._bits = {leaf.name: 1 << i for i, leaf in enumerate(self.plain)}
        self._own = {leaf.name for leaf in self.plain if leaf.dimension == "self"}
        self._indices = {leaf.name: i for i, leaf in enumerate(self.blocks)}
        self._action_sets = action_sets
        self._parts: dict[int, Parts] = {}
        self.masks: dict[int, int] = {}
        """For spaces: bits of request sets, by identity, that mean the same in each."""
        self.layers: dict[tuple[tuple[int, ...], tuple[int, int, int]], object] = {}
        """For folding: layers that are the same in all spaces of one shape."""
        self.request_sets: dict[int, tuple[RequestSet, ...]] = {}
        """For verdicts: the request sets of such bits."""
        self._names: dict[int, tuple[str, ...]] = {}
        self._blocks_for: dict[tuple[int, int], tuple[list[int], list[int]]] = {}

    def blocks_for(self, target: int, bind: int) -> tuple[list[int], list[int]]:
        """Where each block begins and its bits, if those of targets and binds have so many."""
        known = self._blocks_for.get((target, bind))
        if known is None:
            by_dimension = {**self.sizes, "target": target, "bind": bind}
            sizes = [by_dimension[leaf.dimension] for leaf in self.blocks]
            offsets = list(accumulate(sizes[:-1], initial=len(self.plain)))
            known = self._blocks_for[target, bind] = offsets, sizes
        return known

    def parts(self, actions: int) -> Parts:
        """An action set of the IR, taken apart once."""
        known = self._parts.get(actions)
        if known is None:
            plain = own = 0
            blocks = []
            for name in self._action_sets[actions]:
                if name in self._own:
                    own |= self._bits[name]
                elif name in self._bits:
                    plain |= self._bits[name]
                else:
                    blocks.append(self._indices[name])
            known = self._parts[actions] = Parts(plain, own, tuple(blocks))
        return known

    def plain_names(self, bits: int) -> tuple[str, ...]:
        """The leaves of some single bits."""
        known = self._names.get(bits)
        if known is None:
            chosen = (leaf.name for i, leaf in enumerate(self.plain) if bits >> i & 1)
            known = self._names[bits] = tuple(chosen)
        return known
