"""Works out the numbers that the kernel module's tables must have, and compares them.

The engine's cellpolicy_tables.h says what they mean.  Equal rows stand once, in the order in
which cells, by their ids, need them; so there is one right value for every number.
"""

import re
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

NUMBERS = (
    *("ids", "policy", "flags", "port_steps", "owners", "cells", "classes", "commons"),
    *("port_maps", "peer_maps", "pages", "crossings"),
    *("domain_numbers", "type_numbers", "protocol_numbers", "domains", "types", "protocols"),
    *("sockets", "ceilings", "rules", "sets", "strings"),
)
#: Arrays in their order, with the codes of the numbers of a record.
ARRAYS = {"classes": "I" * 10 + "H" * 8 + "B" * 8, "commons": "Q" * 5, "port_tops": "I"}
ARRAYS |= {"peer_tops": "I", "pages": "H", "crossings": "Q", "port_ends": "H", "port_owners": "H"}
ARRAYS |= {"owners": "H" * 3, "sockets": "I", "domain_of": "H", "type_of": "H", "protocol_of": "H"}
ARRAYS |= {"cells": "I" * 13, "rules": "I" * 6, "sets": "I", "ceilings": "Q", "strings": "B"}
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


def by_leaf(parts: Parts) -> list[tuple[int, int]]:
    """From which port on, the first is 1, which verdicts of the leaf that ports are asked about.

    Numbers have the verdicts of both leaves lowest; what stands above them is kept.
    """
    all_, found = dict(steps(parts)), list[tuple[int, int]]()
    at = all_[0]
    for port in sorted({*all_, 1, 1024} - {0}):
        at = all_.get(port, at)
        number = at >> 12 << 12 | (at >> 6 if port < 1024 else at) & 63
        found += [(port, number)] * (not found or number != found[-1][1])
    return found


class Tables:
    """The tables that a policy calls for, by array."""

    def __init__(self, shape: Sequence[int], processes: int, ids: Iterable[int]) -> None:
        """`shape` are the sizes that the engine has compiled in, as the image's head has them."""
        self.shape, known = shape, {0, *ids}
        self.last = max(known)
        closed = [(4**processes - 1) // 3]
        self.gaps = dict.fromkeys({*range(self.last)} - known, closed[0])
        self.a: dict[str, list[int]] = {name: [] for name in ARRAYS}
        self.a |= {"sets": [0], "strings": [*b"?\0"], "crossings": closed[:]}
        self.a["cells"] = [0, 0, 0, 0, UNLIMITED, *[0] * 8]
        self.a["ceilings"] = [NO_CEILING] * shape[-1]
        self.n: dict[str, int] = {}
        self._places = {("ceilings", (NO_CEILING,) * shape[-1]): 0, ("crossings", (*closed,)): 0}
        self._pages: dict[bytes, int] = {}
        self._processes = processes

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
        binds, (_, rows, vnodes, passthrus, _) = [*binds], self.shape
        first = self._processes + rows - 1
        rights = [own >> 2 * place & 3 for place in range(first, first + vnodes + passthrus)]
        vnode = sum((right & 1) << i for i, right in enumerate(rights[:vnodes]))
        both = enumerate(rights[vnodes:])
        passthru = sum((right & 1 | right >> 1 << 4) << i for i, right in both)
        if not self.a["classes"]:  # rights that have no name
            vnode = UNLIMITED
        row = own >> 2 * self._processes - 2 & 4**rows - 4 | 1 | steps(binds)[0][1] << 2 * rows
        ports, told = by_leaf(binds), {i: x for i, x in borders.items() if i > 0}
        told = {id_: crossing for id_, crossing in told.items() if crossing != borders[-1]}
        ends = [*(port - 1 for port, _ in ports[1:]), *[PORTS - 1] * (7 - len(ports))]
        votes = [vote for _, vote in ports] + [ports[-1][1]] * (7 - len(ports))
        if len(ports) > 7:
            number = self._map("port_tops", PORTS, {0: ports[0][1], **dict(ports)})
            ends, votes = [number, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 128]
        named, crossing = next(iter(told.items())) if len(told) == 1 else (0, borders[-1])
        if len(told) > 1:
            all_ = sorted({0: borders[0], **self.gaps, **told}.items())
            known = {id_: self.place("crossings", [crossing]) for id_, crossing in all_}
            rest = self.place("crossings", [borders[-1]])
            after = {id_ + 1: rest for id_ in known if id_ < self.last}
            named, votes[6] = self._map("peer_tops", self.last + 1, after | known), votes[6] | 64
        kinds = words(own >> 2 * (first + vnodes + passthrus), sockets)
        common = [own & 4**self._processes - 4 | 1, borders[0], crossing, borders[-1]]
        common.append(self.place("sockets", kinds))
        at = self.place("commons", common) // 5
        line = (*words(row, rows + 6), vnode, at, named, *ends, *votes, passthru)
        return self.place("classes", line) // 26

    def span(self, rules: Sequence[Sequence[int]]) -> tuple[int, int]:
        """The first of some rules, and how many."""
        made = [number for rule in rules for number in rule]
        return self.place("rules", made) // 6 if made else 0, len(rules)

    def _map(self, tops: str, keys: int, at: Mapping[int, int]) -> int:
        """The number of a map: pages of 64 numbers, the last of them repeated."""
        cuts = pairwise([*sorted(at), keys])
        numbers = b"".join(struct.pack("<H", at[key]) * (end - key) for key, end in cuts)
        filled = numbers + numbers[-2:] * (-keys % 64)
        pages = [filled[i : i + 128] for i in range(0, len(filled), 128)]
        places = [self._pages.setdefault(page, 64 * len(self._pages)) for page in pages]
        return self.place(tops, places) // len(places)

    def lay_out(self, owned: Parts) -> None:
        """Numbers the owners of ports.

        The parts have, from the lowest bit, the verdicts of both leaves, 12 bits, and the ids of
        the cells that listen with tcp and udp, 16 bits each.
        """
        a, others, owners = self.a, dict[tuple[int, ...], int](), [(0, 0)]
        listening = dict.fromkeys(a["cells"][::13], 0)
        for port, number in by_leaf(owned):
            tcp, udp = number >> 12 & PORTS - 1, number >> 28
            how = (tcp > 0) * (64 | number & 3) | (udp > 0) * (128 | number & 12)
            cell = tcp or udp
            if cell and udp in (0, cell):
                listening[cell] = listening[cell] or how
            if cell and (udp not in (0, cell) or listening[cell] != how):
                cell = self.last + 1 + others.setdefault((tcp, udp, how), len(others))
            owners += [(port, cell)] * (cell != owners[-1][1])
        a["cells"][12::13] = listening.values()
        a["owners"] = [x for owner in others for x in owner]
        a["port_ends"] = [*(port - 1 for port, _ in owners[1:]), PORTS - 1]
        a["port_owners"] = [owner for _, owner in owners]
        pages = b"".join(self._pages)
        a["pages"] += struct.unpack(f"<{len(pages) // 2}H", pages)
        each = {x: len(ARRAYS[x]) for x in ("classes", "commons", "owners", "cells", "rules")}
        each["ceilings"] = self.shape[-1]
        self.n |= {name: len(values) // each.get(name, 1) for name, values in a.items()}
        self.n |= {f"{x}_numbers": self.n[f"{x}_of"] for x in ("domain", "type", "protocol")}
        self.n |= {"ids": self.last + 1, "port_steps": len(owners)}
        self.n["port_maps"] = len(a["port_tops"]) // 1024
        self.n["peer_maps"] = len(a["peer_tops"]) // (self.last // 64 + 1)

    def compare(self, image: bytes, text: str, target: str, digest: str) -> None:
        """Raises FaultError unless these are the tables in the image and in the C text."""
        a, at, counts = self.a, 128, [self.n[name] for name in NUMBERS]
        for name, code in {"numbers": "I", **ARRAYS}.items():
            values = a.get(name, counts)
            packed = struct.pack("<" + code * (len(values) // len(code)), *values)
            packed += bytes(-len(packed) % 64)
            same = image[at : at + len(packed)] == packed
            require(same, f"{name} of the image are not what the rules call for")
            at += len(packed)
        head = struct.pack(
            "<7I16s68s", at, *self.shape, len(NUMBERS), target.encode(), digest.encode()
        )
        head = b"CELLPOL\0" + struct.pack("<II", 3, zlib.crc32(head + image[128:])) + head
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
