"""The tables as arrays of numbers, in the order and with the widths that the engine declares.

Both written forms, C text and image, are made of these sections.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

from backends.kmod.positions import row_positions
from backends.kmod.tables import LIMITS, PERMISSIVE, Cell, Rule, Tables
from compiler.record import record

#: Verdicts in a word.
VERDICTS = 16

#: Members of `struct cellpolicy_numbers`, in its order.
NUMBERS = (
    *("policy", "flags", "ids", "ports", "owners", "port_steps", "cells", "classes"),
    *("crossings", "tops", "pages", "domain_numbers", "type_numbers", "protocol_numbers"),
    *("domains", "types", "protocols", "sockets", "ceilings", "rules", "sets", "strings"),
)


@record
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


#: How records are written in C; a class after its row.
_CLASS = "{{%s},%%#x,%%#x,%%d,%%d,%%d}"
_OWNER = "{{%d,%d,%d},{%#x,%#x,%#x},%#x,%d}"

#: Words of a class beside its row, and of an owner, whose cells and rules are by protocol.
CLASS_FIELDS = 5
OWNER_WORDS = 8
#: Words of a cell: its fields, and its class.
CELL_WORDS = len(Cell._fields) + 1


def words_of(verdicts: int) -> int:
    """Words of a row of so many verdicts."""
    return -(-verdicts // VERDICTS)


def socket_words(t: Tables) -> int:
    """Words of a row of verdicts on sockets."""
    return words_of((t.domains.size * t.types.size + 1) * t.protocols.size)


def class_words() -> int:
    """Words of a class."""
    return words_of(row_positions()) + CLASS_FIELDS


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
        cells += (cell.id, names, flags, t.class_of[cell.id], *cell[3:])
        names += len(cell.name) + 1
    ends, numbers = zip(*t.port_steps, strict=True)
    return [
        Section("classes", 32, _classes(t), "struct cellpolicy_class", _CLASS % row_text()),
        Section("port_ends", 16, ends),
        Section("port_numbers", 16, numbers),
        Section("owners", 32, _owners(t), "struct cellpolicy_owner", _OWNER),
        Section("tops", 32, t.tops),
        Section("pages", 16, t.pages),
        Section("crossings", 64, t.crossings, row=1),
        Section("sockets", 32, _packed(t.sockets, words)),
        Section("domain_of", 16, t.domains.class_of),
        Section("type_of", 16, t.types.class_of),
        Section("protocol_of", 16, t.protocols.class_of),
        Section("cells", 32, cells, "struct cellpolicy_cell", "{%d,%d,%d,%d,%#x,%d,%d,%d,%d,%d}"),
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


def row_text() -> str:
    """How the row of a class is written in C."""
    return ",".join(["%#x"] * words_of(row_positions()))


def _classes(t: Tables) -> list[int]:
    """Rows and other fields of the classes in their order in memory."""
    width, words = words_of(row_positions()), socket_words(t)
    made: list[int] = []
    rows = _packed(t.rows, width)
    for i, c in enumerate(t.classes):
        made += rows[i * width : (i + 1) * width]
        passthru = c.passthru_grant << 16 | c.passthru_deny
        made += (c.vnode_deny, passthru, c.peers, c.ports, c.socket * words)
    return made


def _owners(t: Tables) -> list[int]:
    """The fields of the owners in their order in memory: nobody owns a port of other protocols."""
    return [
        field
        for o in t.owners
        for field in (o.tcp, o.udp, 0, o.tcp_rule, o.udp_rule, 0, o.verdicts, 0)
    ]


def counts(t: Tables) -> dict[str, int]:
    """The single numbers of the tables by NUMBERS."""
    texts = _joined(strings(t))
    values = (
        len(texts) - len(t.policy.encode()) - 1,
        PERMISSIVE * t.permissive,
        len(t.class_of),
        t.free_ports,
        len(t.owners),
        len(t.port_steps),
        len(t.cells),
        len(t.classes),
        len(t.crossings),
        len(t.tops),
        len(t.pages),
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
    )
    return dict(zip(NUMBERS, values, strict=True))


def lengths(numbers: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """Of each array of `sections`: its name, the width and the count of its numbers."""
    n = numbers
    return [
        ("classes", 32, n["classes"] * class_words()),
        ("port_ends", 16, n["port_steps"]),
        ("port_numbers", 16, n["port_steps"]),
        ("owners", 32, n["owners"] * OWNER_WORDS),
        ("tops", 32, n["tops"]),
        ("pages", 16, n["pages"]),
        ("crossings", 64, n["crossings"]),
        ("sockets", 32, n["sockets"]),
        ("domain_of", 16, n["domain_numbers"]),
        ("type_of", 16, n["type_numbers"]),
        ("protocol_of", 16, n["protocol_numbers"]),
        ("cells", 32, n["cells"] * CELL_WORDS),
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
