"""Where the verdicts of a row stand: one position for each action that has no table of its own.

Position 0 is for requests that nobody knows. Process actions come first, so that a
crossing, which holds nothing else, is short.
"""

from __future__ import annotations

import functools

from compiler.catalogue.actions import Leaf, all_leaves


@functools.cache
def positions() -> dict[int, int]:
    """The position of each leaf by its column, the same for all releases."""
    process = [x for x in all_leaves() if x.dimension in ("self", "target")]
    plain = [x for x in all_leaves() if x.dimension == "none"]
    return {leaf.column: i for i, leaf in enumerate([*process, *plain], 1)}


@functools.cache
def process_positions() -> int:
    """How many positions a crossing has."""
    return 1 + sum(x.dimension in ("self", "target") for x in all_leaves())


@functools.cache
def places() -> dict[str, int]:
    """The position of each leaf by name, then, after those, the bits of rights in their sets."""
    named = {leaf.name: positions().get(leaf.column) for leaf in all_leaves()}
    rights = [x.name for s in ("vnode", "device") for x in all_leaves()
              if x.dimension == "mask" and x.scope == s]  # fmt: skip
    known = {name: place for name, place in named.items() if place is not None}
    return known | {name: row_positions() + i for i, name in enumerate(rights)}


def row_positions() -> int:
    """How many positions a row has."""
    return 1 + len(positions())


def lower_bit(leaf: Leaf) -> int:
    """The lower bit of a leaf's verdict in a row."""
    return 1 << 2 * positions()[leaf.column]
