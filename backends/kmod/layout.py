"""The tables as arrays of numbers, in the order and with the widths that the engine declares.

Both written forms, C text and image, are made of these sections.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

from backends.kmod.tables import (
    ENDS,
    LIMITS,
    MAX_PORT,
    PERMISSIVE,
    Cell,
    Common,
    Owner,
    Rule,
    Tables,
    tops,
)
from compiler.record import record

#: Verdicts in a word.
VERDICTS = 16
#: Numbers on a line of C where they are no record.
_ON_A_LINE = 16

#: Members of `struct cellpolicy_numbers`, in its order.
NUMBERS = (
    *("ids", "policy", "flags", "port_steps", "owners", "cells", "classes", "commons"),
    *("port_maps", "peer_maps", "pages", "crossings"),
    *("domain_numbers", "type_numbers", "protocol_numbers", "domains", "types", "protocols"),
    *("sockets", "ceilings", "rules", "sets", "strings"),
)

#: The numbers of one record of each array, in its order, as struct(3) has them.
RECORDS: Mapping[str, str] = {
    "classes": "I" * 10 + "H" * (2 + ENDS) + "B" * (2 + ENDS),
    "commons": "Q" * len(Common._fields),
    "port_tops": "I",
    "peer_tops": "I",
    "pages": "H",
    "crossings": "Q",
    "port_ends": "H",
    "port_owners": "H",
    "owners": "H" * len(Owner._fields),
    "sockets": "I",
    "domain_of": "H",
    "type_of": "H",
    "protocol_of": "H",
    "cells": "I" * (len(Cell._fields) + 1),
    "rules": "I" * len(Rule._fields),
    "sets": "I",
    "ceilings": "Q" * LIMITS,
    "strings": "B",
}

#: How records that are not rows of one type are written in C.
_SHAPES: Mapping[str, tuple[str, str]] = {
    "classes": (
        "struct cellpolicy_class",
        "{{%#x,%#x,%#x,%#x,%#x,%#x,%#x,%#x,%#x},%#x,%d,%d,"
        "{%d,%d,%d,%d,%d,%d},{%d,%d,%d,%d,%d,%d,%d},%d}",
    ),
    "commons": ("struct cellpolicy_common", "{%#x,%#x,%#x,%#x,%d}"),
    "owners": ("struct cellpolicy_owner", "{{%d,%d},%d}"),
    "cells": ("struct cellpolicy_cell", "{%d,%d,%d,%d,%#x,%d,%d,%d,%d,%d,%d,%d,%d}"),
    "rules": ("struct cellpolicy_rule", "{%#x,%d,%d,%d,%d,%d}"),
}

#: The words of the row of a class.
ROW = 9


@record
class Section:
    """One array of the tables: its member in `struct cellpolicy_tables`, and its numbers."""

    name: str
    values: Sequence[int]

    @property
    def numbers(self) -> str:
        """The numbers of one of its records, as struct(3) has them."""
        return RECORDS[self.name]

    @property
    def type(self) -> str:
        """The C type of its elements."""
        if self.name in _SHAPES:
            return _SHAPES[self.name][0]
        return {"H": "uint16_t", "I": "uint32_t", "Q": "uint64_t"}[self.numbers[0]]

    @property
    def line(self) -> str:
        """How a line of it is written in C, with a conversion for each number."""
        if self.name in _SHAPES:
            return _SHAPES[self.name][1] + ","
        return "%#x," * len(self.numbers) if self.numbers[0] == "Q" else "%d," * _ON_A_LINE


def words_of(verdicts: int) -> int:
    """Words of a row of so many verdicts."""
    return -(-verdicts // VERDICTS)


def socket_words(t: Tables) -> int:
    """Words of a row of verdicts on sockets."""
    return words_of((t.domains.size * t.types.size + 1) * t.protocols.size)


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
    ends, owners = zip(*t.port_steps, strict=True)
    made: dict[str, Sequence[int]] = {
        "classes": _classes(t),
        "commons": [n for *verdicts, row in t.commons for n in (*verdicts, row * words)],
        "port_tops": t.port_tops,
        "peer_tops": t.peer_tops,
        "pages": t.pages,
        "crossings": t.crossings,
        "port_ends": ends,
        "port_owners": owners,
        "owners": [field for owner in t.owners for field in owner],
        "sockets": _packed(t.sockets, words),
        "domain_of": t.domains.class_of,
        "type_of": t.types.class_of,
        "protocol_of": t.protocols.class_of,
        "cells": cells,
        "rules": [field for rule in t.rules for field in rule],
        "sets": t.sets,
        "ceilings": [n for row in t.ceilings for n in row],
        "strings": _joined(strings(t)),
    }
    return [Section(name, made[name]) for name in RECORDS]


def _classes(t: Tables) -> list[int]:
    """The fields of the classes in their order in memory."""
    made: list[int] = []
    rows = _packed((c.row for c in t.classes), ROW)
    for i, c in enumerate(t.classes):
        made += rows[i * ROW : (i + 1) * ROW]
        made += (c.vnode_deny, c.common, c.named, *c.ends, *c.binds)
        made.append(c.passthru_grant << 4 | c.passthru_deny)
    return made


def counts(t: Tables) -> dict[str, int]:
    """The single numbers of the tables by NUMBERS."""
    texts = _joined(strings(t))
    values = (
        len(t.class_of),
        len(texts) - len(t.policy.encode()) - 1,
        PERMISSIVE * t.permissive,
        len(t.port_steps),
        len(t.owners),
        len(t.cells),
        len(t.classes),
        len(t.commons),
        len(t.port_tops) // tops(MAX_PORT + 1),
        len(t.peer_tops) // tops(len(t.class_of)),
        len(t.pages),
        len(t.crossings),
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


def lengths(numbers: Mapping[str, int]) -> dict[str, int]:
    """How many records each array of RECORDS has."""
    n = dict(numbers)
    n |= {f"{axis}_of": n[f"{axis}_numbers"] for axis in ("domain", "type", "protocol")}
    n |= {
        "port_tops": n["port_maps"] * tops(MAX_PORT + 1),
        "peer_tops": n["peer_maps"] * tops(n["ids"]),
        "port_ends": n["port_steps"],
        "port_owners": n["port_steps"],
    }
    return {name: n[name] for name in RECORDS}


def _joined(texts: Iterable[str]) -> bytes:
    """Texts in UTF-8, each closed by a NUL."""
    return b"".join(text.encode() + b"\0" for text in texts)


def _packed(rows: Iterable[int], words: int) -> list[int]:
    """Rows of verdicts as words of 32 bits, the lowest first."""
    text = b"".join(row.to_bytes(4 * words, "little") for row in rows)
    return list(struct.unpack(f"<{len(text) // 4}I", text))
