"""The tables as an image that the kernel module loads at run time.

`engine/cellpolicy_image.c` reads it: a header, the single numbers, then the
arrays, all little endian, each filled up to a line of the cache.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from backends.kmod.columns import rights, width
from backends.kmod.layout import counts, sections
from backends.kmod.positions import row_positions
from backends.kmod.tables import LIMITS, Tables

MAGIC = b"CELLPOL\0"
VERSION = 3

#: Magic, version, and CRC-32 of all that follows.
PREFIX = struct.Struct("<8sII")
#: Size; columns, positions, rights of vnode and pass-through, limits; numbers; release, hash.
HEADER = struct.Struct("<IIIIIII16s68s")
#: Arrays start on multiples of this many bytes.
ALIGNMENT = 64


def encode(tables: Tables) -> bytes:
    """The image of some tables."""
    numbers = counts(tables)
    arrays = [array(section.numbers, section.values) for section in sections(tables)]
    body = b"".join([array("I", tuple(numbers.values())), *arrays])
    header = HEADER.pack(
        PREFIX.size + HEADER.size + len(body),
        *shape(),
        len(numbers),
        tables.target.encode(),
        tables.digest.encode(),
    )
    return PREFIX.pack(MAGIC, VERSION, zlib.crc32(header + body)) + header + body


def shape() -> tuple[int, int, int, int, int]:
    """The sizes that the engine has compiled in."""
    return width(), row_positions(), len(rights("vnode")), len(rights("device")), LIMITS


def array(record: str, values: Sequence[int]) -> bytes:
    """Records of numbers, filled up to a line of the cache."""
    if len(set(record)) == 1:
        text = struct.pack(f"<{len(values)}{record[0]}", *values)
    else:
        one, size = struct.Struct("<" + record), len(record)
        text = b"".join([one.pack(*values[i : i + size]) for i in range(0, len(values), size)])
    return text + bytes(-len(text) % ALIGNMENT)
