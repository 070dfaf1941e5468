"""How many bytes of tables decisions take, and what sharing them between cells saves."""

from __future__ import annotations

from typing import NamedTuple

from backends.kmod.layout import OWNER_WORDS, class_words, socket_words
from backends.kmod.tables import MAX_PORT, PAGE, Tables

_WORD, _HALF, _CROSSING = 4, 2, 8


class Size(NamedTuple):
    """Bytes that the kernel keeps for decisions; names, limits and rule ids are not among them."""

    cells: int
    classes: int
    by_id: int
    """What has an entry for each cell id."""
    lines: int
    """Classes, a line of the cache each."""
    maps: int
    """Maps of ports and of other cells, crossings, and rows on sockets."""
    ports: int
    """The number of each port, and the owners of ports."""
    unshared: int
    """The same without `ports`, if every cell had its own class and maps."""

    @property
    def shared(self) -> int:
        return self.by_id + self.lines + self.maps


def size(t: Tables) -> Size:
    """The bytes of some tables as the engine holds them."""
    cells = len(t.cells) - 1
    by_id, line, sockets = _WORD * len(t.class_of), _WORD * class_words(), _WORD * socket_words(t)
    tops = _pages(t.free_ports + len(t.owners)) + _pages(len(t.class_of))
    maps = _WORD * len(t.tops) + _HALF * len(t.pages)
    return Size(
        cells=cells,
        classes=len(t.classes),
        by_id=by_id,
        lines=line * len(t.classes),
        maps=maps + _CROSSING * len(t.crossings) + sockets * len(t.sockets),
        ports=_HALF * (MAX_PORT + 1) + _WORD * OWNER_WORDS * len(t.owners),
        unshared=by_id + (cells + 1) * (line + tops * (_WORD + _HALF * PAGE) + sockets),
    )


def _pages(keys: int) -> int:
    return -(-keys // PAGE)
