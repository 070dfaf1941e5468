"""How many bytes of tables decisions take, and what sharing them between cells saves."""

from __future__ import annotations

import struct

from backends.kmod.layout import RECORDS, socket_words
from backends.kmod.tables import MAX_PORT, PAGE, PEER_MAP, PORT_MAP, Class, Tables, tops
from compiler.record import NamedTuple

_WORD, _HALF = 4, 2
#: Of an id, or of an owner of ports that is no cell.
_ENTRY = 4
_CLASS, _COMMON, _OWNER, _CROSSING = (
    struct.calcsize("<" + RECORDS[name]) for name in ("classes", "commons", "owners", "crossings")
)


class Size(NamedTuple):
    """Bytes that the kernel keeps for decisions; names, limits and rule ids are not among them."""

    cells: int
    classes: int
    by_id: int
    """What has an entry for each cell id."""
    lines: int
    """Classes, a line of the cache each."""
    maps: int
    """What classes refer to: verdicts on processes, rows on sockets, and maps."""
    ports: int
    """The owner of each port, and owners that are no cells."""
    unshared: int
    """The same without `ports`, if every cell had its own class and what that refers to."""

    @property
    def shared(self) -> int:
        return self.by_id + self.lines + self.maps


def size(t: Tables) -> Size:
    """The bytes of some tables as the engine holds them."""
    sockets = _WORD * socket_words(t)
    maps = _WORD * (len(t.port_tops) + len(t.peer_tops)) + _HALF * len(t.pages)
    by_id = _ENTRY * len(t.class_of)
    alone = [_CLASS + _COMMON + sockets + _maps(t, class_) for class_ in t.classes]
    return Size(
        cells=len(t.cells) - 1,
        classes=len(t.classes),
        by_id=by_id,
        lines=_CLASS * len(t.classes),
        maps=maps
        + _COMMON * len(t.commons)
        + _CROSSING * len(t.crossings)
        + sockets * len(t.sockets),
        ports=_HALF * (MAX_PORT + 1) + (_ENTRY + _OWNER) * len(t.owners),
        unshared=by_id
        + _CROSSING
        + alone[0]
        + sum(alone[t.class_of[cell.id]] for cell in t.cells[1:]),
    )


def _maps(t: Tables, class_: Class) -> int:
    """Bytes of the maps of a class, if it alone had them."""
    keys = []
    if class_.binds[-1] & PORT_MAP:
        keys.append((t.port_tops, class_.ends[0], tops(MAX_PORT + 1)))
    if class_.binds[-1] & PEER_MAP:
        keys.append((t.peer_tops, class_.named, tops(len(t.class_of))))
    found = [all_[number * n : (number + 1) * n] for all_, number, n in keys]
    return sum(_WORD * len(top) + _HALF * PAGE * len(set(top)) for top in found)
