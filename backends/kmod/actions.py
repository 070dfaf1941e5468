"""The engine's view of the catalogue: C identifiers of one release to positions."""

from __future__ import annotations

from collections.abc import Sequence

from backends.kmod.columns import rights, width
from backends.kmod.positions import positions
from compiler.catalogue.actions import Leaf, all_leaves, load
from compiler.record import record

#: Scopes whose listeners look a position up; vnode requests are sets of rights.  The table of
#: the first is the quickest to find.
SCOPES = ("process", "generic", "system", "network", "machdep", "device")

#: Actions that tables of their own are about, as the engine names their columns.
_SPECIAL = {
    "network.bind.port": "PORT",
    "network.bind.privport": "PRIVPORT",
    "network.socket.open": "SOCKET",
    "network.socket.rawsock": "RAWSOCK",
}


@record
class Action:
    """A kauth action: the position it has alone, and its requests with theirs."""

    c_action: str
    position: int | None
    requests: tuple[tuple[str, int], ...]


def actions(release: str, scope: str) -> list[Action]:
    """The actions of a scope, in column order, that have positions in a row."""
    grouped: dict[str, list[Leaf]] = {}
    for leaf in load(release).leaves:
        if leaf.scope == scope and leaf.column in positions():
            grouped.setdefault(leaf.c_action, []).append(leaf)
    return [_action(name, leaves) for name, leaves in grouped.items()]


def _action(name: str, leaves: Sequence[Leaf]) -> Action:
    place = positions()
    alone = [place[leaf.column] for leaf in leaves if leaf.c_request is None]
    requests = tuple((x.c_request, place[x.column]) for x in leaves if x.c_request is not None)
    return Action(name, alone[0] if alone else None, requests)


def asked_rights(release: str, scope: str) -> list[tuple[str, int, str]]:
    """Rights of one scope that a release has: C identifier, bit in the tables, name."""
    known = load(release).by_name
    return [
        (leaf.c_request or leaf.c_action, 1 << i, leaf.name)
        for i, leaf in enumerate(rights(scope))
        if leaf.name in known
    ]


def right_columns(scope: str) -> list[int]:
    """The column of each right by its bit."""
    return [leaf.column for leaf in rights(scope)]


def names() -> list[str]:
    """The name of each leaf by its column."""
    made = ["unknown"] * width()
    for leaf in all_leaves():
        made[leaf.column] = leaf.name
    return made


def special_columns() -> list[tuple[str, int]]:
    """The columns of actions that have no position, by the engine's name for them."""
    return [(_SPECIAL[x.name], x.column) for x in all_leaves() if x.name in _SPECIAL]
