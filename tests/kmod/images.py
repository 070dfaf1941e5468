"""Images for tests: whole ones taken apart, and wrong ones of every kind."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

from backends.kmod.build import build
from backends.kmod.image import ALIGNMENT, HEADER, MAGIC, PREFIX, VERSION, encode
from backends.kmod.layout import NUMBERS, RECORDS, lengths
from compiler.ir.ir import IR
from tests.kmod.house import house
from tests.semantics.support import compile_text, must

EINVAL, EPROGMISMATCH, EFTYPE, EBADMSG, EPROTO = 22, 75, 79, 88, 96
#: Some error.
ANY = 0

#: Where the numbers and arrays start.
BODY = PREFIX.size + HEADER.size


def sealed(image: bytes) -> bytes:
    """An image with the size and checksum of what it holds."""
    image = image[: PREFIX.size] + struct.pack("<I", len(image)) + image[PREFIX.size + 4 :]
    checksum = struct.pack("<I", zlib.crc32(image[PREFIX.size :]))
    return image[: PREFIX.size - 4] + checksum + image[PREFIX.size :]


def places(image: bytes) -> Iterator[tuple[str, str, int, int]]:
    """The arrays of an image: name, numbers of a record (struct(3)), position, count of records."""
    numbers = struct.unpack_from(f"<{len(NUMBERS)}I", image, BODY)
    position = BODY
    arrays = lengths(dict(zip(NUMBERS, numbers, strict=True)))
    for name, record, count in [
        ("numbers", "I", len(NUMBERS)),
        *((name, RECORDS[name], count) for name, count in arrays.items()),
    ]:
        yield name, record, position, count
        position += -(-count * struct.calcsize("<" + record) // ALIGNMENT) * ALIGNMENT


def numbers_at(image: bytes, record: str, position: int, count: int) -> list[int]:
    """All numbers of an array."""
    size = struct.calcsize("<" + record)
    whole = image[position : position + count * size]
    if len(whole) < count * size:
        raise struct.error("the array goes beyond the image")
    return [number for row in struct.iter_unpack("<" + record, whole) for number in row]


def changed(image: bytes, array: str, index: int, value: int) -> bytes:
    """The image with one number of one array changed."""
    for name, record, position, count in places(image):
        if name == array:
            if not count:
                return image  # a change before this one took the array away
            row, field = divmod(index % (count * len(record)), len(record))
            at = position + row * struct.calcsize("<" + record)
            at += struct.calcsize("<" + record[:field])
            number = struct.pack("<" + record[field], value)
            return sealed(image[:at] + number + image[at + len(number) :])
    raise KeyError(array)


#: Numbers that refer to nothing: array, place in it (or the name of a number), and what is
#: put there, a count of the image and what is added to it.
#:
#: A class is a row of 9 words, rights, its common record and the cell named, 6 ends, 7 verdicts
#: on ports and rights; the third one has maps.  A cell is 13 words.
DANGLING: tuple[tuple[str, int | str, str, int], ...] = (
    ("numbers", "policy", "strings", 0),
    ("numbers", "ids", "", 4),
    ("numbers", "ids", "", 6),
    ("classes", 0, "", 0x55555554),
    ("classes", 8, "", 0),
    ("classes", 9, "", 0xFFFFFFFE),
    ("classes", 10, "commons", 0),
    ("classes", 18, "", 0),
    ("classes", 24, "", 0x95),
    ("classes", 25, "", 0x0E),
    ("classes", 25, "", 0x1E),
    ("classes", 26, "", 0),
    ("classes", 27, "", 3),
    ("classes", 36, "commons", 0),
    ("classes", 39, "", 1),
    ("classes", 44, "", 3),
    ("classes", 44, "", 0x40),
    ("classes", 50, "", 0x30),
    ("classes", 50, "", 0x80),
    ("classes", 51, "", 0x11),
    ("classes", 63, "peer_maps", 0),
    ("classes", 64, "port_maps", 0),
    ("classes", 67, "", 1),
    ("commons", 0, "", 1),
    ("commons", 1, "", 1),
    ("commons", 2, "", 1),
    ("commons", 3, "", 1),
    ("commons", 4, "sockets", 0),
    ("commons", 5, "", 0),
    ("commons", 8, "", 0x3 << 40 | 1),
    ("commons", 9, "", (1 << 64) - 1),
    ("port_tops", 0, "pages", 0),
    ("port_tops", 1, "", 7),
    ("port_tops", -1, "", 0xFFFFFFC0),
    ("peer_tops", 0, "pages", 0),
    ("peer_tops", 0, "", 7),
    ("pages", 0, "", 3),
    ("pages", 0, "", 0x40),
    ("pages", -1, "crossings", 0),
    ("pages", -1, "", 0xFFFF),
    ("crossings", 0, "", 0x3 << 40),
    ("crossings", 0, "", 0x55555554),
    ("crossings", 1, "", 0),
    ("port_ends", -1, "", 65534),
    ("port_ends", 1, "", 0),
    ("port_owners", 0, "", 65535),
    ("port_owners", 0, "", 6),
    ("owners", 2, "", 0x100),
    ("owners", 2, "", 0x50),
    ("owners", 2, "", 0x43),
    ("sockets", 0, "", 0xFFFFFFFF),
    ("sockets", 0, "", 0),
    ("type_of", 3, "types", 0),
    ("cells", 0, "", 1),
    ("cells", 3, "", 1),
    ("cells", 13, "", 60000),
    ("cells", 13, "", 0),
    ("cells", 14, "strings", 0),
    ("cells", 16, "", 0),
    ("cells", 16, "classes", 0),
    ("cells", 18, "ceilings", 0),
    ("cells", 19, "", 0xFFFFFFFF),
    ("cells", 20, "rules", 1),
    ("cells", 22, "", 0xFFFFFFFF),
    ("cells", 23, "rules", 1),
    ("cells", 24, "rules", 1),
    ("cells", 25, "", 0x100),
    ("cells", 25, "", 0x43),
    ("rules", 1, "sets", 0),
    ("rules", 2, "", 0xFFFFFFFF),
    ("rules", 4, "sets", -1),
    ("rules", 5, "sets", -2),
    ("sets", 1, "", 0xFFFFFFFF),
    ("strings", -1, "", 65),
    ("strings", 2, "", ord(" ")),
    ("strings", 2, "", 0),
)


def wrong_wholes(good: bytes) -> dict[str, tuple[bytes, int]]:
    """Images that are wrong as a whole, and the error of each."""
    other = encode(build(must(compile_text("policy other;\ntarget netbsd 11.0;\n")).ir))
    version = PREFIX.pack(MAGIC, VERSION + 1, 0) + good[PREFIX.size :]
    return {
        "empty": (b"", EFTYPE),
        "short": (good[: BODY - 1], EFTYPE),
        "magic": (b"\x7fELF" + good[4:], EFTYPE),
        "version": (sealed(version), EPROGMISMATCH),
        "release": (other, EPROGMISMATCH),
        "cut": (good[:-64], EINVAL),
        "longer": (good + bytes(64), EINVAL),
        "cut and sealed": (sealed(good[:-64]), EINVAL),
        "longer and sealed": (sealed(good + bytes(64)), EINVAL),
        "flipped": (good[:-9] + bytes([good[-9] ^ 1]) + good[-8:], EBADMSG),
        "hash without end": (
            sealed(good[: BODY - 68] + b"a" * 68 + good[BODY:]),
            EPROTO,
        ),
    }


def page_past_the_end() -> bytes:
    """A map one of whose pages begins in the array and ends in the next, among valid numbers."""
    tables = build(house())
    tops = (len(tables.pages), *tables.port_tops[1:])
    return encode(replace(tables, port_tops=tops, pages=(*tables.pages, 0)))


def faults() -> dict[str, tuple[bytes, int]]:
    """Images that are wrong in one way, and the error each should give."""
    good = encode(build(house()))
    n = dict(zip(NUMBERS, struct.unpack_from(f"<{len(NUMBERS)}I", good, BODY), strict=True))
    made = wrong_wholes(good)
    made["page past the end"] = (page_past_the_end(), EPROTO)
    for name in NUMBERS:
        if name not in ("flags", "policy", "ids"):
            index = NUMBERS.index(name)
            made[f"more {name}"] = (changed(good, "numbers", index, 0xFFFFFFFF), ANY)
            if n[name]:
                made[f"no {name}"] = (changed(good, "numbers", index, 0), ANY)
    for array, place, count, more in DANGLING:
        index = NUMBERS.index(place) if isinstance(place, str) else place
        image = changed(good, array, index, n.get(count, 0) + more)
        made[f"{array} {place} {count} {more:#x}"] = (image, EPROTO)
    return made


def mutants(ir: IR, count: int) -> Iterator[bytes]:
    """Images with a few numbers replaced, sealed so that they are looked at."""
    chance = random.Random(1)
    good = encode(build(ir))
    for _ in range(count):
        image = good
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            name, record, _, rows = chance.choice([place for place in places(good) if place[3]])
            index = chance.randrange(rows * len(record))
            bits = 8 * struct.calcsize("<" + record[index % len(record)])
            value = chance.choice(
                (0, 1, 31, 32, 64, (1 << bits) - 1, 1 << (bits - 1), chance.randrange(4096))
            )
            image = changed(image, name, index, value % (1 << bits))
        yield image


def swapped(image: bytes) -> bytes:
    """The image for a machine whose little-endian numbers are of the other order."""
    out = bytearray(image)
    header = "<8sIIIIIIIII"
    struct.pack_into(">8sIIIIIIIII", out, 0, *struct.unpack_from(header, image))
    for _, record, position, count in places(image):
        struct.pack_into(
            ">" + record * count, out, position, *numbers_at(image, record, position, count)
        )
    struct.pack_into(">I", out, PREFIX.size - 4, zlib.crc32(out[PREFIX.size :]))
    return bytes(out)
