"""How the catalogue of actions is numbered in the tables: columns, rights, leaves of bind."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from backends.kmod.positions import lower_bit
from backends.kmod.tables import DENY
from compiler.catalogue.actions import Leaf, all_leaves, load
from compiler.record import NamedTuple

BIND_LEAVES = ("network.bind.port", "network.bind.privport")


class Covered(NamedTuple):
    """What a set of actions covers, ready for arithmetic on rows.

    `plain`, `own` and `targets` hold the lower bit of each verdict in a row:
    actions without conditions, process actions whose target is the caller, and
    those with a target.
    """

    plain: int
    own: int
    targets: int
    bind: tuple[int, ...]
    socket: bool
    rawsock: bool
    vnode: int
    passthru: int
    columns: tuple[int, ...]


@functools.cache
def width() -> int:
    """Columns: one more than the greatest of any release."""
    return max(leaf.column for leaf in all_leaves()) + 1


@functools.cache
def rights(scope: str) -> tuple[Leaf, ...]:
    """The rights that one request of a scope may carry together, by their bit in the tables."""
    return tuple(x for x in all_leaves() if x.dimension == "mask" and x.scope == scope)


@functools.cache
def right_bits() -> dict[str, int]:
    """The bit of each right by name, in the words of its scope."""
    return {
        leaf.name: 1 << i for scope in ("vnode", "device") for i, leaf in enumerate(rights(scope))
    }


@functools.cache
def all_denied(positions: int) -> int:
    """A row whose first verdicts are denials."""
    return sum(DENY << 2 * i for i in range(positions))


def covered(release: str, actions: Iterable[str]) -> Covered:
    """Sorts a set of leaf names by what their requests carry.

    Raises KeyError for a name that the release does not have.
    """
    leaves = [load(release).by_name[name] for name in actions]
    masks = {"none": 0, "self": 0, "target": 0}
    vnode = passthru = 0
    for leaf in leaves:
        if leaf.dimension in masks:
            masks[leaf.dimension] |= lower_bit(leaf)
        elif leaf.dimension == "mask" and leaf.scope == "vnode":
            vnode |= right_bits()[leaf.name]
        elif leaf.dimension == "mask":
            passthru |= right_bits()[leaf.name]
    dimensions = {leaf.dimension for leaf in leaves}
    return Covered(
        plain=masks["none"],
        own=masks["self"],
        targets=masks["target"],
        bind=tuple(BIND_LEAVES.index(x.name) for x in leaves if x.dimension == "bind"),
        socket="socket" in dimensions,
        rawsock="rawsock" in dimensions,
        vnode=vnode,
        passthru=passthru,
        columns=tuple(sorted(leaf.column for leaf in leaves)),
    )
