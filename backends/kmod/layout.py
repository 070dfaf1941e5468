"""The tables as arrays of numbers, in the order and with the widths that the engine declares.

Both written forms, C text and image, are made of these sections.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backends.kmod.columns import width
from backends.kmod.tables import LIMITS, PERMISSIVE, Cell, Class, Owner, Rule, Tables

#: Verdicts in a word.
VERDICTS = 16

#: Members of `struct cellpolicy_numbers`, in its order.
NUMBERS = (
    *("policy", "flags", "ids", "cells", "classes", "crossings", "maps", "owners"),
    *("domain_numbers", "type_numbers", "protocol_numbers", "domains", "types", "protocols"),
    *("sockets", "ceilings", "rules", "sets", "strings", "owners_map"),
)


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
    """How one record is written in C, with a conversion for each number."""
    row: int = 0
    """Numbers in a row of an array of rows."""


def row_words() -> int:
    """Words of a row of verdicts by column."""
    return -(-width() // VERDICTS)


def socket_words(t: Tables) -> int:
    """Words of a row of verdicts on sockets."""
    verdicts = (t.domains.size * t.types.size + 1) * t.protocols.size
    return -(-verdicts // VERDICTS)


def strings(t: Tables) -> list[str]:
    """The texts of the tables: the names of the cells, then that of the policy."""
    return [*(cell.name for cell in t.cells), t.policy]


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
        Section("rows", 32, _packed(t.rows, row_words()), row=row_words()),
        Section("crossings", 32, _packed(t.crossings, row_words()), row=row_words()),
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
        Section("ceilings", 64, [n for row in t.ceilings for n in row], row=LIMITS),
        Section("strings", 8, _joined(strings(t))),
    ]


def counts(t: Tables) -> dict[str, int]:
    """The single numbers of the tables by NUMBERS."""
    texts = _joined(strings(t))
    values = (
        len(texts) - len(t.policy.encode()) - 1,
        PERMISSIVE * t.permissive,
        len(t.class_of),
        len(t.cells),
        len(t.classes),
        len(t.crossings),
        len(t.maps),
        len(t.owners),
        len(t.domains.class_of),
        len(t.types.class_of),
        len(t.protocols.class_of),
        t.domains.size,
        t.types.size,
        t.protocols.size,
        len(t.sockets) * socket_words(t),
        len(t.ceilings),
        len(t.rules),
        len(t.sets),
        len(texts),
        t.owners_map,
    )
    return dict(zip(NUMBERS, values, strict=True))


def lengths(numbers: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Of each array of `sections`: its name, the width and the count of its numbers."""
    n = numbers
    return [
        ("class_of", 16, n["ids"]),
        ("cell_of", 16, n["ids"]),
        ("rows", 32, n["classes"] * row_words()),
        ("crossings", 32, n["crossings"] * row_words()),
        ("maps", 32, n["maps"]),
        ("sockets", 32, n["sockets"]),
        ("domain_of", 16, n["domain_numbers"]),
        ("type_of", 16, n["type_numbers"]),
        ("protocol_of", 16, n["protocol_numbers"]),
        ("classes", 32, n["classes"] * len(Class._fields)),
        ("owners", 32, n["owners"] * len(Owner._fields)),
        ("cells", 32, n["cells"] * len(Cell._fields)),
        ("rules", 32, n["rules"] * len(Rule._fields)),
        ("sets", 32, n["sets"]),
        ("ceilings", 64, n["ceilings"] * LIMITS),
        ("strings", 8, n["strings"]),
    ]


def _joined(texts: Iterable[str]) -> bytes:
    """Texts in UTF-8, each closed by a NUL."""
    return b"".join(text.encode() + b"\0" for text in texts)


def _packed(rows: Iterable[int], words: int) -> list[int]:
    """Rows of verdicts as words of 32 bits, the lowest first."""
    text = b"".join(row.to_bytes(4 * words, "little") for row in rows)
    return list(struct.unpack(f"<{len(text) // 4}I", text))
