"""Sets of requests as integers, and the layered rules of a policy folded.

A set of requests of one subject is an integer of two bits a request, placed as the tables
place verdicts; sets use the lower bit.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Protocol

from checker.tables import require

KINDS = ("none", "self", "target", "bind", "socket", "rawsock", "mask")
#: Actions whose verdicts do not stand in rows.
APART = (
    "network.bind.port",
    "network.bind.privport",
    "network.socket.open",
    "network.socket.rawsock",
)
AXES = {"domains": "PF", "types": "SOCK", "socket_protocols": "IPPROTO"}
PROTOCOLS = ("tcp", "udp", "other")
Json = Any
Folded = dict[tuple[str, int], int]
"""The requests that are decided by an effect and the id of a rule."""


class Actions:
    """What can be asked: as the engine's C file and the certificate list it."""

    def __init__(self, text: str, listed: Json) -> None:
        def array(name: str, item: str) -> list[str]:
            pattern = rf"^const [\w *]+ cellpolicy_{name}\[\] = {{(.*?)}};"
            return re.findall(item, *re.findall(pattern, text, re.M | re.S))

        names = array("action_names", '"(.*)"')
        columns = [len(names), *map(int, array("columns", r"\b\d+"))]
        rights = [list(map(int, array(f"{x}_columns", r"\d+"))) for x in ("vnode", "passthru")]
        self.limits = array("limit_names", '"(.*)"')
        found = re.findall(r"\[KAUTH_(\w+)\]\[0\] = (\d+),", text)
        found += re.findall(r"\[KAUTH_REQ_(\w+)\] = (\d+),", text)
        known = [(name, columns[int(position)]) for name, position in found]
        for listed_rights, scope in zip(rights, ("VNODE", "DEVICE_RAWIO_PASSTHRU"), strict=True):
            bits = re.findall(rf"KAUTH_(?:REQ_)?({scope}_\w+)\) != 0 \? (0x\w+) : 0;", text)
            known += [(name, listed_rights[int(bit, 16).bit_length() - 1]) for name, bit in bits]
        same = all(name.lower() == names[i].replace(".", "_") for name, i in known)
        apart = {i for name, i, _ in listed if name in APART}
        same = same and sorted({i for _, i in known} | apart) == sorted(i for _, i, _ in listed)
        require(same, "the engine asks about other actions than the certificate")
        self.columns = {name: i for name, i, _ in listed}
        places = {column: i for i, column in enumerate([*columns, *rights[0], *rights[1]])}
        self.of = {name: (1 << 2 * places.get(i, 0), dimension) for name, i, dimension in listed}
        wanted = all(names[i] == name and (name.startswith("process.") == (d in ("self", "target")))
                     for name, i, d in listed)  # fmt: skip
        require(wanted, "the certificate numbers actions otherwise")
        self.positions = len(columns)
        self.rights = [[places[i] for i in columns_] for columns_ in rights]
        self.width = 2 * (len(columns) + len(rights[0]) + len(rights[1]))
        self.processes = 1 + sum(names[i].startswith("process.") for i in columns[1:])
        self.constants = {
            axis: {w.lower(): int(n) for w, n in re.findall(rf"\({prefix}_(\w+) == (\d+)\)", text)}
            for axis, prefix in AXES.items()
        }
        self.covered: dict[tuple[str, ...], dict[str, int]] = {}

    def cover(self, names: Sequence[str]) -> dict[str, int]:
        """Bits of some actions by what their requests carry."""
        key = tuple(names)
        if key not in self.covered:
            bits = self.covered[key] = dict.fromkeys(KINDS, 0)
            for name in key:
                bits[self.of[name][1]] |= self.of[name][0]
            leaves = enumerate(("network.bind.port", "network.bind.privport"))
            bits["bind"] = sum(0b010101 << 6 * i for i, name in leaves if name in key)
        return self.covered[key]


class World(Protocol):
    """What a space must know of the policy that it belongs to."""

    ir: Json
    actions: Actions
    cells: dict[str, Json]

    def socket_bits(self, r: Json, c: dict[str, int]) -> int:
        """The bits of socket requests, by domain, type and protocol."""


class Space:
    """The requests of one subject, as far as some rules tell them apart."""

    def __init__(self, build: World, subject: str, sets: Sequence[Json]) -> None:
        self.build, self.subject, self.width = build, subject, build.actions.width
        named = {m for r in sets if "to" in r for m in r["to"]["members"]} - {
            "self",
            "host",
            subject,
        }
        self.named = named - {"self", "host", subject}
        blocks = ["self", *["host"] * (subject != "host"), *sorted(self.named), ""]
        self.blocks = {name: i * self.width for i, name in enumerate(blocks)}
        cuts = {0, 1, 1024} | {x for r in sets for a, b in r.get("ports", ()) for x in (a, b + 1)}
        self.cuts = sorted(cuts | {65536})
        self.bind = len(blocks) * self.width
        self.sockets = self.bind + 12 * (len(self.cuts) - 1)
        others = len(build.cells) > len(self.named) + (subject in build.cells)
        self.real = -1 if others else ~((1 << self.width) - 1 << self.blocks[""])
        self.all = self.mask({"actions": 0}, [list(build.actions.of)]) & self.real
        self.crossing = self.all & (1 << self.bind) - (1 << self.width)

    def mask(self, r: Json, sets: Json) -> int:
        """The bits of a set of requests."""
        c, to, bits = self.build.actions.cover(sets[r["actions"]]), r.get("to"), 0
        on_port, on_socket = "ports" in r or "protocols" in r, not AXES.keys().isdisjoint(r)
        if not on_port and not on_socket:
            bits = c["none"] | c["mask"] if to is None else 0
            for name, at in self.blocks.items():
                own = name == "self" and to is not None and self.subject in to["members"]
                if to is None or (own or name in to["members"]) != to["exclude"]:
                    bits |= (c["target"] if at else c["self"] | c["target"]) << at
        if c["bind"] and to is None and not on_socket:
            of = sum(0b1000001 << 2 * PROTOCOLS.index(p) for p in r.get("protocols", PROTOCOLS))
            for low, high in r.get("ports", [[0, 65535]]):
                first, last = bisect_left(self.cuts, low), bisect_left(self.cuts, high + 1)
                require(
                    (self.cuts[first], self.cuts[last]) == (low, high + 1), "a row splits a class"
                )
                for i in range(first, last):
                    asked = 0xFFF if not self.cuts[i] else 0xFC0 if self.cuts[i] < 1024 else 0x03F
                    bits |= (of & c["bind"] & asked) << self.bind + 12 * i
        if (c["socket"] or c["rawsock"]) and to is None and not on_port:
            bits |= self.build.socket_bits(r, c) << self.sockets
        return bits

    def fold(self, layers: Sequence[Sequence[int]], listening: bool) -> Folded:
        """Points 1 to 4 of the language: what decides each request, and the id of the rule."""
        rules, sets, decided = self.build.ir["rules"], self.build.ir["action_sets"], 0
        folded: Folded = {}
        later: list[tuple[str, int]] = []
        for layer in reversed(layers):
            masks = [(rules[i], self.mask(rules[i], sets) & self.real) for i in sorted(layer)]
            said, regions = {"deny": 0, "allow": 0, "grant": 0}, []
            explicit = [mask for rule, mask in masks if not rule["listen"]]
            for rule, mask in masks:
                if not rule["listen"]:
                    unbeaten = mask
                    for other in explicit:
                        if not other & ~mask and other != mask:
                            unbeaten &= ~other
                    said[rule["effect"]] |= unbeaten
                    regions.append((rule, unbeaten))
            deny, allow, grant = said.values()
            require(not (deny & allow | deny & grant | allow & grant), "rules of a layer disagree")
            for rule, mask in masks if listening else ():
                if rule["listen"]:
                    require(not mask & deny, "a cell may not bind a port that it listens on")
                    regions.append((rule, mask & ~(deny | allow | grant)))
            for rule, mask in regions:
                clash = rule["final"] and any(mask & m for e, m in later if e != rule["effect"])
                require(not clash, f"a later layer overrides the final rule {rule['id']:08x}")
            later += [(rule["effect"], mask) for rule, mask in regions]
            for rule, mask in regions:
                key = rule["effect"], rule["id"]
                folded[key] = folded.get(key, 0) | mask & ~decided
                decided |= mask
        return {key: bits for key, bits in folded.items() if bits}
