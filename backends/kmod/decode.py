"""An image of the tables back to their meaning, for checking what was built."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

from backends.kmod.image import ALIGNMENT, CODES, HEADER, MAGIC, PREFIX, VERSION, shape
from backends.kmod.layout import CELL_WORDS, NUMBERS, OWNER_WORDS, class_words, lengths, words_of
from backends.kmod.positions import row_positions
from backends.kmod.tables import (
    LIMITS,
    PERMISSIVE,
    Axis,
    Cell,
    Class,
    Owner,
    Rule,
    Tables,
)

_Numbers = tuple[int, ...]


class ImageError(ValueError):
    """This is no image that `encode` wrote."""


def decode(image: bytes) -> Tables:
    """The tables of an image.

    Raises ImageError for what `encode` does not write.
    """
    if len(image) < PREFIX.size + HEADER.size:
        raise ImageError("this is too short for an image")
    magic, version, checksum = PREFIX.unpack_from(image)
    size, *sizes, count, target, digest = HEADER.unpack_from(image, PREFIX.size)
    if magic != MAGIC or version != VERSION or tuple(sizes) != shape() or count != len(NUMBERS):
        raise ImageError("this is no image of this version")
    if size != len(image) or checksum != zlib.crc32(image[PREFIX.size :]):
        raise ImageError("the image is damaged")
    arrays = _Arrays(image, PREFIX.size + HEADER.size)
    numbers = dict(zip(NUMBERS, arrays.take(32, count), strict=True))
    parts = {name: arrays.take(bits, n) for name, bits, n in lengths(numbers)}
    if arrays.position != size:
        raise ImageError("the image goes on after its arrays")
    try:
        texts = target.rstrip(b"\0").decode("ascii"), digest.rstrip(b"\0").decode("ascii")
        return _tables(texts, numbers, parts)
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise ImageError("the image refers to what it does not hold") from error


class _Arrays:
    """The arrays of an image, taken in order."""

    def __init__(self, image: bytes, position: int) -> None:
        self._image = image
        self.position = position

    def take(self, bits: int, count: int) -> _Numbers:
        size = count * bits // 8
        if self.position + size > len(self._image):
            raise ImageError("the image ends before its arrays do")
        numbers = struct.unpack_from(f"<{count}{CODES[bits]}", self._image, self.position)
        self.position += size + -size % ALIGNMENT
        return numbers


def _tables(
    texts: tuple[str, str], numbers: Mapping[str, int], parts: Mapping[str, _Numbers]
) -> Tables:
    strings = bytes(parts["strings"])
    planes = numbers["domains"] * numbers["types"] + 1
    words = -(-planes * numbers["protocols"] // 16)
    records = _records(parts["classes"], class_words())
    width = words_of(row_positions())
    cells: list[Cell] = []
    class_of, cell_of = [0] * numbers["ids"], [0] * numbers["ids"]
    for id_, name, flags, class_, *rest in _records(parts["cells"], CELL_WORDS):
        class_of[id_], cell_of[id_] = class_, len(cells)
        cells.append(Cell(id_, _text(strings, name), bool(flags & PERMISSIVE), *rest))
    return Tables(
        policy=_text(strings, numbers["policy"]),
        target=texts[0],
        digest=texts[1],
        permissive=bool(numbers["flags"] & PERMISSIVE),
        class_of=tuple(class_of),
        cell_of=tuple(cell_of),
        rows=_rows([record[:width] for record in records]),
        crossings=parts["crossings"],
        port_steps=tuple(zip(parts["port_ends"], parts["port_numbers"], strict=True)),
        free_ports=numbers["ports"],
        tops=parts["tops"],
        pages=parts["pages"],
        sockets=_rows(_records(parts["sockets"], words)),
        domains=Axis(parts["domain_of"], numbers["domains"]),
        types=Axis(parts["type_of"], numbers["types"]),
        protocols=Axis(parts["protocol_of"], numbers["protocols"]),
        classes=tuple(_class(record[width:], words) for record in records),
        owners=tuple(
            Owner(tcp, udp, tcp_rule, udp_rule, verdicts)
            for tcp, udp, _, tcp_rule, udp_rule, _, verdicts, _ in _records(
                parts["owners"], OWNER_WORDS
            )
        ),
        cells=tuple(cells),
        rules=tuple(Rule(*fields) for fields in _records(parts["rules"], len(Rule._fields))),
        sets=parts["sets"],
        ceilings=tuple(_records(parts["ceilings"], LIMITS)),
    )


def _records(numbers: _Numbers, length: int) -> list[_Numbers]:
    return [numbers[i : i + length] for i in range(0, len(numbers), length)]


def _class(fields: _Numbers, words: int) -> Class:
    vnode, passthru, peers, ports, socket = fields
    return Class(vnode, passthru & 0xFFFF, passthru >> 16, peers, ports, socket // words)


def _rows(rows: Sequence[_Numbers]) -> _Numbers:
    """Rows of verdicts from their words of 32 bits, the lowest first."""
    return tuple(int.from_bytes(struct.pack(f"<{len(row)}I", *row), "little") for row in rows)


def _text(strings: bytes, place: int) -> str:
    return strings[place : strings.index(b"\0", place)].decode()
