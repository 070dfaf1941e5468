"""Works out the numbers that the kernel module's tables must have, and compares them.

The engine's cellpolicy_tables.h says what they mean.  Equal rows stand once, in the order in
which cells, by their ids, need them; so there is one right value for every number.
"""

import re
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

NUMBERS = (
    *("policy", "flags", "ids", "ports", "owners", "port_steps", "cells", "classes"),
    *("crossings", "tops", "pages", "domain_numbers", "type_numbers", "protocol_numbers"),
    *("domains", "types", "protocols", "sockets", "ceilings", "rules", "sets", "strings"),
)
#: Arrays in their order, with the codes of their numbers.
ARRAYS = {"classes": "I", "port_ends": "H", "port_numbers": "H", "owners": "I", "tops": "I"}
ARRAYS |= {"pages": "H", "crossings": "Q", "sockets": "I", "domain_of": "H", "type_of": "H"}
ARRAYS |= {"protocol_of": "H", "cells": "I", "rules": "I", "sets": "I", "ceilings": "Q"}
ARRAYS |= {"strings": "B"}
UNLIMITED, NO_CEILING, PORTS = 2**32 - 1, 2**64 - 1, 65536
OUTSIDE = ["#include <sys/cdefs.h>", "#include <sys/types.h>", "#include "]
Parts = Iterable[tuple[int, int, int]]


class FaultError(Exception):
    """What is wrong with a build."""


def require(holds: object, what: str) -> None:
    if not holds:
        raise FaultError(what)


def words(bits: int, verdicts: int) -> tuple[int, ...]:
    """The first of some verdicts in words of 32 bits."""
    kept, count = bits & (1 << 2 * verdicts) - 1, -(-verdicts // 16)
    return struct.unpack(f"<{count}I", kept.to_bytes(4 * count, "little"))


def ranges(values: Iterable[int]) -> list[int]:
    """A set of numbers: how many ranges, and each of them."""
    found: list[int] = []
    for value in sorted(values):
        joined = bool(found) and found[-1] % PORTS == value - 1
        found.append(found.pop() // PORTS * PORTS + value if joined else value * (PORTS + 1))
    return [len(found), *found]


def steps(parts: Parts) -> list[tuple[int, int]]:
    """From which port on the numbers of parts (low, end, number) add up to what."""
    changes, found, total = {0: 0}, [(0, -1)], 0
    for low, end, number in parts:
        changes[low] = changes.get(low, 0) + number
        changes[end] = changes.get(end, 0) - number
    for port in sorted(changes.keys() - {PORTS}):
        total += changes[port]
        found += [(port, total)] * (total != found[-1][1])
    return found[1:]


class Tables:
    """The tables that a policy calls for, by array."""

    def __init__(self, shape: Sequence[int], ids: Iterable[int]) -> None:
        """`shape` are the sizes that the engine has compiled in, as the image's head has them."""
        self.shape, known = shape, {0, *ids}
        self.last = max(known)
        self.gaps = dict.fromkeys({*range(self.last)} - known, 0)
        self.a: dict[str, list[int]] = {name: [] for name in ARRAYS}
        self.a["sets"], self.a["strings"] = [0], [*b"?\0"]
        self.a["cells"] = [0, 0, 0, 0, UNLIMITED, 0, 0, 0, 0, 0]
        self.a["ceilings"] = [NO_CEILING] * shape[-1]
        self.n: dict[str, int] = {}
        self._places = {("ceilings", (NO_CEILING,) * shape[-1]): 0}
        self._pages: dict[bytes, int] = {}
        self._classes: dict[tuple[tuple[int, ...], bytes, tuple[tuple[int, int], ...]], int] = {}

    def place(self, name: str, values: Sequence[int]) -> int:
        """Where some numbers stand in an array."""
        key = name, tuple(values)
        if key not in self._places:
            self._places[key] = len(self.a[name])
            self.a[name] += values
        return self._places[key]

    def set(self, values: Iterable[int]) -> int:
        return self.place("sets", ranges(values))

    def text(self, text: str) -> int:
        self.a["strings"] += f"{text}\0".encode()
        return len(self.a["strings"]) - len(text) - 1

    def class_(self, own: int, borders: Mapping[int, int], binds: Parts, sockets: int) -> int:
        """The number of the class with these verdicts.

        `borders` has those on processes by cell id, -1 for ids that it lacks; `binds` those on
        ports, `sockets` how many of `own`'s last are on sockets.
        """
        _, rows, vnodes, passthrus, _ = self.shape
        rights = [own >> 2 * place & 3 for place in range(rows, rows + vnodes + passthrus)]
        vnode = sum((right & 1) << i for i, right in enumerate(rights[:vnodes]))
        both = enumerate(rights[vnodes:])
        passthru = sum((right & 1 | right >> 1 << 16) << i for i, right in both)
        if not self._classes:  # ids that no cell has, and rights that have no name
            vnode, passthru = UNLIMITED, 0xFFFF
        places = {id_: self.place("crossings", [bits]) for id_, bits in borders.items()}
        to = bytearray(struct.pack("<H", places.pop(-1)) * (self.last + 1))
        for id_, place in (self.gaps | places).items():
            struct.pack_into("<H", to, 2 * id_, place)
        socket = self.place("sockets", words(own >> 2 * (rows + vnodes + passthrus), sockets))
        key = (*words(own, rows), vnode, passthru, socket), bytes(to), tuple(steps(binds))
        return self._classes.setdefault(key, len(self._classes))

    def span(self, rules: Sequence[Sequence[int]]) -> tuple[int, int]:
        """The first of some rules, and how many."""
        made = [number for rule in rules for number in rule]
        return self.place("rules", made) // 6 if made else 0, len(rules)

    def _map(self, numbers: bytes) -> int:
        """Where a map stands: pages of 64 numbers, the last of them repeated."""
        filled = numbers + numbers[-2:] * (-len(numbers) // 2 % 64)
        pages = [filled[i : i + 128] for i in range(0, len(filled), 128)]
        return self.place("tops", [self._pages.setdefault(x, 64 * len(self._pages)) for x in pages])

    def lay_out(self, owned: Parts) -> None:
        """Numbers the ports, and lays out owners and classes.

        An owner is one number, of 32 bits each: the cells' ids, tcp and udp, their rules, and
        the verdicts on their binds.
        """
        a, owners, owner = self.a, dict(steps(owned)), 0
        free, taken = list[int](), list[int]()
        starts = sorted({port for *_, ports in self._classes for port, _ in ports} | owners.keys())
        for start in starts:
            owner = owners.get(start, owner)
            (taken if owner else free).append(start)
            tcp, udp, tcp_rule, udp_rule, votes = (owner >> 32 * i & UNLIMITED for i in range(5))
            a["owners"] += [tcp, udp, 0, tcp_rule, udp_rule, 0, votes, 0] if owner else []
        numbers = {start: i for i, start in enumerate(free + taken)}
        a["port_ends"] = [*(start - 1 for start in starts[1:]), PORTS - 1]
        a["port_numbers"] = [numbers[start] for start in starts]
        for (*row, socket), to, ports in self._classes:
            by_number = b""
            for group in (free, taken):
                cuts = pairwise([*(bisect_left(group, port) for port, _ in ports), len(group)])
                for (_, vote), (first, end) in zip(ports, cuts, strict=True):
                    by_number += struct.pack("<H", vote) * (end - first)
            a["classes"] += [*row, self._map(to), self._map(by_number), socket]
        pages = b"".join(self._pages)
        a["pages"] += struct.unpack(f"<{len(pages) // 2}H", pages)
        each = {"owners": 8, "cells": 10, "rules": 6, "ceilings": self.shape[-1]}
        self.n |= {name: len(values) // each.get(name, 1) for name, values in a.items()}
        self.n |= {f"{x}_numbers": self.n[f"{x}_of"] for x in ("domain", "type", "protocol")}
        self.n |= {"classes": len(self._classes), "ports": len(free), "port_steps": len(starts)}
        self.n["ids"] = self.last + 1

    def compare(self, image: bytes, text: str, target: str, digest: str) -> None:
        """Raises FaultError unless these are the tables in the image and in the C text."""
        a, at, counts = self.a, 128, [self.n[name] for name in NUMBERS]
        for name, code in {"numbers": "I", **ARRAYS}.items():
            values = a.get(name, counts)
            packed = struct.pack(f"<{len(values)}{code}", *values)
            packed += bytes(-len(packed) % 64)
            same = image[at : at + len(packed)] == packed
            require(same, f"{name} of the image are not what the rules call for")
            at += len(packed)
        head = struct.pack(
            "<7I16s68s", at, *self.shape, len(NUMBERS), target.encode(), digest.encode()
        )
        head = b"CELLPOL\0" + struct.pack("<II", 2, zlib.crc32(head + image[128:])) + head
        require(image[:128] == head and at == len(image), "the image has another head, or a tail")
        quoted, bare = re.findall('"(.*)"', text), re.sub('".*"', "", text[text.index("*/") :])
        strings = bytes(a["strings"]).decode().split("\0")[:-1]
        wanted = ["cellpolicy_compiled.h", *(f"{x}\\000" for x in strings), digest]
        require(quoted == wanted, "the C text has other names than the image")
        found = [int(x, 0) for x in re.findall(r"\b\d\w*", bare)]
        numbers = [x for name in ARRAYS for x in a[name] or [0] if name != "strings"]
        require(found == numbers + counts, "the C text has other numbers than the image")
        members = [*zip(NUMBERS, map(str, counts), strict=True), ("hash", "")]
        same = re.findall(r"\.(\w+) = (\w*),", bare) == members + [(x, x) for x in ARRAYS]
        same = same and re.findall(r" (\w+)\[\]", bare) == [*ARRAYS]
        same = same and re.findall("#.*", bare) == OUTSIDE and "/*" not in bare
        require(same, "the C text holds more than tables")
