"""Reads the tables of the kernel module: an image, and the C text that must hold the same."""

import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

NUMBERS = [
    *("policy", "flags", "ids", "ports", "owners", "port_steps", "cells", "classes"),
    *("crossings", "tops", "pages", "domain_numbers", "type_numbers", "protocol_numbers"),
    *("domains", "types", "protocols", "sockets", "ceilings", "rules", "sets", "strings"),
]
#: Array of the tables, width of its numbers in bytes, and how many stand for each of a count.
ARRAYS = """
classes 4 classes C, port_ends 2 port_steps 1, port_numbers 2 port_steps 1, owners 4 owners 8,
tops 4 tops 1, pages 2 pages 1, crossings 8 crossings 1, sockets 4 sockets 1,
domain_of 2 domain_numbers 1, type_of 2 type_numbers 1, protocol_of 2 protocol_numbers 1,
cells 4 cells 10, rules 4 rules 6, sets 4 sets 1, ceilings 8 ceilings L, strings 1 strings 1"""
INCLUDES = ["<sys/cdefs.h>", "<sys/types.h>", '"cellpolicy_compiled.h"']


class FaultError(Exception):
    """What is wrong with a build."""


def require(holds: object, what: str) -> None:
    if not holds:
        raise FaultError(what)


def runs(pairs: Iterable[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Lengths and values of consecutive stretches, equal neighbours joined."""
    out: list[tuple[int, Any]] = []
    for length, value in pairs:
        if out and out[-1][1] == value:
            length += out.pop()[0]
        if length:
            out.append((length, value))
    return out


def numbers(values: Iterable[int]) -> list[int]:
    """A set of numbers as the tables hold it: how many ranges, and each of them."""
    ranges: list[list[int]] = []
    for value in sorted(set(values)):
        if ranges and ranges[-1][1] == value - 1:
            ranges[-1][1] = value
        else:
            ranges.append([value, value])
    return [len(ranges), *(low << 16 | high for low, high in ranges)]


def tiles(spans: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Whether spans (position, length) fill an array without gap or overlap."""
    for position, length in sorted(set(spans)):
        if position != start:
            return False
        start += length
    return start == end


class Tables:
    """The arrays of an image by name, each number of which must be used."""

    def __init__(self, image: bytes, text: str) -> None:
        head = struct.unpack_from("<8s9I16s68s", image)
        magic, version, crc, size, _, positions, *_, limits, count, target, digest = head
        require((magic, version, count) == (b"CELLPOL\0", 2, len(NUMBERS)), "this is no image")
        require(size == len(image) and crc == zlib.crc32(image[16:]), "the image is damaged")
        self.target, self.digest = (x.rstrip(b"\0").decode() for x in (target, digest))
        self.positions, self.words, at = (
            positions,
            -(-positions // 16),
            128 + -(-4 * count // 64) * 64,
        )
        require(not any(image[128 + 4 * count : at]), "the image has something after its numbers")
        self.n = n = dict(zip(NUMBERS, struct.unpack_from(f"<{count}I", image, 128), strict=True))
        self.a: dict[str, tuple[int, ...]] = {}
        self.width = {
            "C": self.words + 5,
            "L": limits,
            **{str(i): i for i in range(1, 11)},
        }
        for name, size, counted, each in (x.split() for x in ARRAYS.split(",")):
            length = n[counted] * self.width[each]
            self.a[name] = struct.unpack_from(f"<{length}{'_BH_I___Q'[int(size)]}", image, at)
            end, at = at + length * int(size), at + -(-length * int(size) // 64) * 64
            require(not any(image[end:at]), "the image has something between its arrays")
        require(at == len(image), "the image goes on after its arrays")
        self.maps: set[tuple[int, int]] = set()
        self.sets = {(0, 1)}
        self.used: dict[str, set[int]] = {}
        require(re.findall(r"^#\w+ (.*)", text, re.M) == INCLUDES and text.count("/*") == 1,
                "the C tables hold more than tables")  # fmt: skip
        for name, values in self.a.items():
            (body,) = re.findall(
                rf"^static const [\w ]+ {name}\[\][ \w()]* = {{\n(.*?)\n}};$", text, re.M | re.S
            )
            if name == "strings":
                found = tuple("".join(re.findall('"(.*)"', body)).replace("\\000", "\0").encode())
            else:
                found = tuple([int(x, 0) for x in re.findall(r"\w+", body)])
            same = found == (values or (0,)) and text.count(f"\t.{name} = {name},\n") == 1
            require(same, f"{name} differs between image and C")
        said = [f"\t\t.{name} = {value},\n" for name, value in n.items()]
        require(
            "".join([*said, f'\t}},\n\t.hash = "{self.digest}",\n']) in text, "C has other counts"
        )

    def record(self, name: str, width: int, index: int) -> tuple[int, ...]:
        found = self.a[name][width * index : width * (index + 1)]
        require(len(found) == width, f"{name} has no row {index}")
        self.used.setdefault(name, set()).add(index)
        return found

    def row(self, name: str, width: int, index: int) -> int:
        """A row of verdicts, two bits each."""
        words = self.record(name, width, index)
        return int.from_bytes(struct.pack(f"<{width}I", *words), "little")

    def map(self, root: int, keys: int) -> list[int]:
        """The numbers of a map, whose last page repeats the last of them to its end."""
        tops = self.a["tops"][root : root + -(-keys // 64)]
        found = [x for page in tops for x in self.a["pages"][page : page + 64]]
        require(len(found) == -(-keys // 64) * 64, "a map ends too early")
        require(len(set(found[keys - 1 :])) == 1, "a map goes on after its last key")
        self.maps.add((root, len(tops)))
        return found[:keys]

    def set(self, place: int, words: Sequence[int], what: str) -> None:
        """Whether these words stand in `sets` at a place."""
        require(self.a["sets"][place : place + len(words)] == tuple(words), what)
        self.sets.add((place, len(words)))
