"""The tables as arrays of numbers, in the order and with the widths that the engine declares.

Both written forms, C text and image, are made of these sections.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backends.kmod.columns import width
from backends.kmod.tables import PERMISSIVE, Tables

#: Verdicts in a word.
VERDICTS = 16


@dataclass(frozen=True, slots=True)
class Section:
    """One array of the tables."""

    name: str
    """Its member in `struct cellpolicy_tables`."""
    bits: int
    """Width of its numbers: 8, 16, 32 or 64."""
    values: Sequence[int]
    record: str = ""
    """The C type of its elements where that is not the number's own type."""
    shape: str = ""
    """How one element is written in C, with %d for each number."""


def row_words() -> int:
    """Words of a row of verdicts by column."""
    return -(-width() // VERDICTS)


def socket_words(t: Tables) -> int:
    """Words of a row of verdicts on sockets."""
    verdicts = (t.domains.size * t.types.size + 1) * t.protocols.size
    return -(-verdicts // VERDICTS)


def strings(t: Tables) -> bytes:
    """The names of the cells, each closed by a NUL."""
    return b"".join(cell.name.encode("ascii") + b"\0" for cell in t.cells)


def sections(t: Tables) -> list[Section]:
    """All arrays of the tables."""
    names = 0
    cells: list[int] = []
    words = socket_words(t)
    for cell in t.cells:
        flags = PERMISSIVE * cell.permissive
        cells += (cell.id, names, flags, *cell[3:])
        names += len(cell.name) + 1
    classes = [field for c in t.classes for field in (*c[:3], c.socket * words, *c[4:])]
    owners = [field for owner in t.owners for field in owner]
    return [
        Section("class_of", 16, t.class_of),
        Section("cell_of", 16, t.cell_of),
        Section("rows", 32, _packed(t.rows, row_words())),
        Section("crossings", 32, _packed(t.crossings, row_words())),
        Section("maps", 32, t.maps),
        Section("sockets", 32, _packed(t.sockets, words)),
        Section("domain_of", 16, t.domains.class_of),
        Section("type_of", 16, t.types.class_of),
        Section("protocol_of", 16, t.protocols.class_of),
        Section("classes", 32, classes, "struct cellpolicy_class", "{%d,%d,%d,%d,%#x,%#x,%#x}"),
        Section("owners", 32, owners, "struct cellpolicy_owner", "{{%d,%d},{%#x,%#x},%#x}"),
        Section("cells", 32, cells, "struct cellpolicy_cell", "{%d,%d,%d,%#x,%d,%d,%d,%d,%d}"),
        Section(
            "rules",
            32,
            [field for rule in t.rules for field in rule],
            "struct cellpolicy_rule",
            "{%#x,%d,%d,%d,%d,%d}",
        ),
        Section("sets", 32, t.sets),
        Section("ceilings", 64, [number for row in t.ceilings for number in row]),
        Section("strings", 8, strings(t)),
    ]


def counts(t: Tables) -> dict[str, int]:
    """The single numbers of the tables by their member of `struct cellpolicy_tables`."""
    return {
        "flags": PERMISSIVE * t.permissive,
        "nids": len(t.class_of),
        "ncells": len(t.cells),
        "nclasses": len(t.classes),
        "ncrossings": len(t.crossings),
        "nmaps": len(t.maps),
        "nowners": len(t.owners),
        "ndomains": len(t.domains.class_of),
        "ntypes": len(t.types.class_of),
        "nprotocols": len(t.protocols.class_of),
        "domains": t.domains.size,
        "types": t.types.size,
        "protocols": t.protocols.size,
        "nsockets": len(t.sockets) * socket_words(t),
        "nceilings": len(t.ceilings),
        "nrules": len(t.rules),
        "nsets": len(t.sets),
        "nstrings": len(strings(t)),
        "owners_map": t.owners_map,
    }


def _packed(rows: Iterable[int], words: int) -> list[int]:
    """Rows of verdicts as words of 32 bits, the lowest first."""
    text = b"".join(row.to_bytes(4 * words, "little") for row in rows)
    return list(struct.unpack(f"<{len(text) // 4}I", text))
