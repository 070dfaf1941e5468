"""Where verdicts stand: one position for each action that has no table of its own.

Process actions have positions in words about processes, all others in the row of a class.
Position 0 of both is for requests that nobody knows. Certificates count them together:
a place is a position in a word, or one after those in a row.
"""

from __future__ import annotations

import functools

from compiler.catalogue.actions import Leaf, all_leaves


@functools.cache
def _leaves() -> tuple[list[Leaf], list[Leaf]]:
    """Those about processes, and those that carry nothing."""
    process = [x for x in all_leaves() if x.dimension in ("self", "target")]
    return process, [x for x in all_leaves() if x.dimension == "none"]


@functools.cache
def positions() -> dict[int, int]:
    """The position of each leaf by its column, the same for all releases."""
    return {leaf.column: i for leaves in _leaves() for i, leaf in enumerate(leaves, 1)}


def process_positions() -> int:
    """How many positions a word about processes has."""
    return 1 + len(_leaves()[0])


def row_positions() -> int:
    """How many positions a row has, those of ports left to the kernel aside."""
    return 1 + len(_leaves()[1])


def process_columns() -> list[int]:
    """The columns of process actions by position, from 1 on."""
    return [leaf.column for leaf in _leaves()[0]]


def row_columns() -> list[int]:
    """The columns of the actions of a row by position, from 1 on."""
    return [leaf.column for leaf in _leaves()[1]]


@functools.cache
def places() -> dict[str, int]:
    """The place of each leaf by name, then, after those, the bits of rights in their sets."""
    rights = [x for scope in ("vnode", "device") for x in all_leaves()
              if x.dimension == "mask" and x.scope == scope]  # fmt: skip
    leaves = [*_leaves()[0], *_leaves()[1], *rights]
    return {leaf.name: place for place, leaf in enumerate(leaves, 1)}


def lower_bit(leaf: Leaf) -> int:
    """The lower bit of the verdict on a leaf that has a position, by its place."""
    return 1 << 2 * places()[leaf.name]


def split(verdicts: int) -> tuple[int, int]:
    """Verdicts by place as a word about processes and a row, whose first positions deny."""
    word, row = 2 * process_positions(), verdicts >> 2 * (process_positions() - 1)
    return verdicts & (1 << word) - 4 | 1, row & (1 << 2 * row_positions()) - 4 | 1
