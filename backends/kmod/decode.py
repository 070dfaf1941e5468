"""An image of the tables back to their meaning, for checking what was built."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from backends.kmod.image import ALIGNMENT, HEADER, MAGIC, PREFIX, VERSION, shape
from backends.kmod.layout import NUMBERS, RECORDS, ROW, lengths, words_of
from backends.kmod.tables import ENDS, PERMISSIVE, Axis, Cell, Class, Common, Owner, Rule, Tables

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
    numbers = dict(zip(NUMBERS, arrays.take("I" * count, 1)[0], strict=True))
    parts = {name: arrays.take(RECORDS[name], n) for name, n in lengths(numbers).items()}
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

    def take(self, record: str, count: int) -> list[_Numbers]:
        one = struct.Struct("<" + record)
        size = count * one.size
        if self.position + size > len(self._image):
            raise ImageError("the image ends before its arrays do")
        records = list(one.iter_unpack(self._image[self.position : self.position + size]))
        self.position += size + -size % ALIGNMENT
        return records


def _tables(
    texts: tuple[str, str], numbers: Mapping[str, int], parts: Mapping[str, list[_Numbers]]
) -> Tables:
    flat = {
        name: tuple(record[0] for record in records)
        for name, records in parts.items()
        if len(RECORDS[name]) == 1
    }
    strings = bytes(flat["strings"])
    planes = numbers["domains"] * numbers["types"] + 1
    words = words_of(planes * numbers["protocols"])
    cells: list[Cell] = []
    class_of, cell_of = [0] * numbers["ids"], [0] * numbers["ids"]
    for id_, name, flags, class_, *rest in parts["cells"]:
        class_of[id_], cell_of[id_] = class_, len(cells)
        cells.append(Cell(id_, _text(strings, name), bool(flags & PERMISSIVE), *rest))
    sockets = [flat["sockets"][i : i + words] for i in range(0, len(flat["sockets"]), words)]
    return Tables(
        policy=_text(strings, numbers["policy"]),
        target=texts[0],
        digest=texts[1],
        permissive=bool(numbers["flags"] & PERMISSIVE),
        class_of=tuple(class_of),
        cell_of=tuple(cell_of),
        classes=tuple(_class(record) for record in parts["classes"]),
        commons=tuple(
            Common(own, host, named, others, place // words)
            for own, host, named, others, place in parts["commons"]
        ),
        port_tops=flat["port_tops"],
        peer_tops=flat["peer_tops"],
        pages=flat["pages"],
        crossings=flat["crossings"],
        port_steps=tuple(zip(flat["port_ends"], flat["port_owners"], strict=True)),
        owners=tuple(Owner(*fields) for fields in parts["owners"]),
        sockets=tuple(_row(row) for row in sockets),
        domains=Axis(flat["domain_of"], numbers["domains"]),
        types=Axis(flat["type_of"], numbers["types"]),
        protocols=Axis(flat["protocol_of"], numbers["protocols"]),
        cells=tuple(cells),
        rules=tuple(Rule(*fields) for fields in parts["rules"]),
        sets=flat["sets"],
        ceilings=tuple(parts["ceilings"]),
    )


def _class(record: _Numbers) -> Class:
    vnode, common, named, *rest, passthru = record[ROW:]
    ends, binds = tuple(rest[:ENDS]), tuple(rest[ENDS:])
    row = _row(record[:ROW])
    return Class(row, vnode, passthru & 15, passthru >> 4, common, named, ends, binds)


def _row(words: _Numbers) -> int:
    """A row of verdicts from its words of 32 bits, the lowest first."""
    return int.from_bytes(struct.pack(f"<{len(words)}I", *words), "little")


def _text(strings: bytes, place: int) -> str:
    return strings[place : strings.index(b"\0", place)].decode()
