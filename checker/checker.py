"""Checks a build of cellc: `python3 -I checker/checker.py DIR`; docs/certificate.md tells more.

Rows of policy.cert.json are classes of requests, which layered rules and folded rows of the IR
must decide as they say.  That calls for one image and one C text, which are worked out.
"""

import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain, groupby, pairwise, product
from pathlib import Path
from typing import Any

ENGINE = json.loads(Path(__file__).with_name("engine.json").read_text())
IR, CERTIFICATE, IMAGE, ACTIONS_C, TABLES_C = ENGINE["files"]
EFFECTS, PROTOCOLS, BINDS, AXES = (ENGINE[x] for x in ("effects", "protocols", "binds", "words"))
PORTS, UNLIMITED, HOST = 65536, 2**32 - 1, dict[str, Any](layers=[], class_=None, owned=[])


def require(holds: object, what: str) -> None:
    if not holds:
        raise ValueError(what)


def lows(count: int, distance: int = 2) -> int:  # so many bits, each so far from the last
    return ((1 << distance * count) - 1) // ((1 << distance) - 1)


def ranges(values: Iterable[int]) -> list[int]:  # a set: how many ranges, and each of them
    runs = groupby(enumerate(sorted({*values})), lambda pair: pair[1] - pair[0])
    found = [[value for _, value in run] for _, run in runs]
    return [len(found), *(run[0] << 16 | run[-1] for run in found)]


class Space:  # the requests of some cells, and which bits of sets of them meet which condition
    def __init__(self, build: "Build", group: Any) -> None:
        cells, targets, ports = group["cells"], group["targets"], group["ports"]
        order = [*sorted({*targets} - {"host", "*", *cells}), *["host"] * (cells != ["host"]), "*"]
        require(targets == order and ports == sorted({*ports, 0, 1, 1024, PORTS}), "out of order")
        start, step = 2 * build.own, 2 * ENGINE["processes"]
        self.build, self.process = build, (1 << step) - 1
        self.targets = {name: start + step * i for i, name in enumerate(targets)}
        self.borders = lows(len(targets), step) << start
        start += step * len(targets)
        self.ports = {port: start + 12 * i for i, port in enumerate(ports)}
        places = dict.fromkeys(["self", *(cells if len(cells) == 1 else [])], 0) | self.targets
        self.on = build.on | {("to", x): self.process << place for x, place in places.items()}
        binds, low = lows(len(ports) - 1, 12) << start, (1 << self.ports[1024]) - (1 << start)
        asked = binds * 0x015 & ~low | binds * 0x540 & low | 0x015 << start
        self.on |= {name: binds * bits & asked for name, bits in BINDS.items()}
        self.on |= {("protocols", x): binds * 0x041 << 2 * i for x, i in PROTOCOLS.items()}
        others = len(build.cells) > len(build.cells.keys() & {*targets, *cells[:1]})
        self.crossing = build.target * (self.borders & (-1 if others else ~(1 << places["*"])))
        self.all = build.all | self.crossing | asked

    def binds(self, votes: int) -> list[tuple[int, int, int]]:  # first port, end, verdicts
        pairs = [*pairwise(self.ports.items())][1:]
        return [(x, y, votes >> i + 6 * (x < 1024) & 63) for (x, i), (y, _) in pairs]

    def mask(self, r: Any) -> int:
        """The requests that a row is about: each condition leaves out what does not carry it."""
        bits: int = sum({self.on[name] for name in self.build.ir["action_sets"][r["actions"]]})
        bits |= (bits & self.build.target) * self.borders
        if "to" in r:
            to = sum({self.on["to", name] for name in r["to"]["members"]})
            bits &= self.process * (1 | self.borders) & ~to if r["to"]["exclude"] else to
        if "ports" in r:
            bits &= sum({(1 << self.ports[y + 1]) - (1 << self.ports[x]) for x, y in r["ports"]})
        for axis in r.keys() & {"protocols", *AXES}:
            bits &= sum({self.on[axis, word] for word in r[axis]})
        return bits


class Build:  # the IR and the certificate of a build, and the tables that they call for
    def __init__(self, files: Callable[[str], bytes]) -> None:
        self.ir, c = (json.loads(files(path)) for path in (IR, CERTIFICATE))
        hashes = {path: hashlib.sha256(files(path)).hexdigest() for path in c["files"]}
        require(c["files"] == hashes, "these are not the files that were certified")
        same = ENGINE["releases"][self.ir["target"]] == [hashes[ACTIONS_C], c["actions"]]
        require(same and c["processes"] == ENGINE["processes"], "the engine numbers otherwise")
        self.cells = {x["name"]: x for x in sorted(self.ir["cells"], key=lambda x: int(x["id"]))}
        self.ids = {"*": -1, "host": 0} | {name: cell["id"] for name, cell in self.cells.items()}
        self.texts, self.last = ["?", *self.cells, self.ir["policy"]], max(self.ids.values())
        self.a: dict[str, list[int]] = {name: [] for name in (*ENGINE["rows"], "strings")}
        self.places, self.on = dict[tuple[str, tuple[int, ...]], int](), dict[Any, int]()
        self.certificate, self.rows = c, ENGINE["processes"] - 1 + sum(ENGINE["shape"][1:4])
        sockets = [("network.socket.open", *x) for x in product(*(c[axis] for axis in AXES))]
        sockets += [("network.socket.rawsock", "inet6", "raw", x) for x in c["socket_protocols"]]
        self.sockets, self.own = len(sockets), self.rows + len(sockets)
        for i, socket in enumerate(sockets, self.rows):
            for label in (socket[0], *zip(AXES, socket[1:], strict=True)):
                self.on[label] = self.on.get(label, 0) | 1 << 2 * i
        self.on |= {name: 1 << 2 * at for name, at, _ in c["actions"] if at}
        self.target = sum(1 << 2 * at for _, at, kind in c["actions"] if kind == "target")
        self.all = sum(bits for label, bits in self.on.items() if isinstance(label, str))
        rules, sets, layers = (self.ir[name] for name in ("rules", "action_sets", "layers"))
        kept = [[not r["listen"], not {*BINDS}.isdisjoint(sets[r["actions"]])] for r in rules]
        self.layers = [[[i for i in x["rules"] if kept[i][k]] for x in layers] for k in (0, 1)]
        self.columns = [ranges(map(ENGINE["names"].index, names)) for names in sets]

    def decide(self, group: Any, owned: bool) -> tuple[Space, int]:
        """Verdicts on ports that a cell owns, or on all as if nobody listened, if all agree."""
        space, rules = Space(self, group), self.ir["rules"]
        cells = [self.cells.get(name, HOST) for name in group["cells"]]
        kinds = [([self.layers[owned][i] for i in x["layers"]], x["class_"]) for x in cells]
        require(kinds == kinds[:1] * len(kinds), "cells with other rules are in one class")
        ruled = [[(rules[i], space.mask(rules[i]) & space.all) for i in x] for x in kinds[0][0]]
        left = sum({mask for layer in ruled for rule, mask in layer if rule["listen"]}) or space.all
        votes, seen = 1 | space.borders * lows(ENGINE["processes"]), 0
        folded, rows = dict[tuple[str, str | None], int](), cells[0]["owned"]
        for row in rows if owned else self.ir["classes"][kinds[0][1]]["verdicts"]:
            mask, key = space.mask(row), (row["effect"], f"{rules[row['rule']]['id']:08x}")
            require(mask & space.all & ~seen == mask & space.all != 0, "rows of the IR overlap")
            votes, seen = votes & ~mask | mask * EFFECTS[row["effect"]], seen | mask
            folded[key] = folded.get(key, 0) | mask
        folded |= {("allow", None): ~seen, ("deny", None): ~seen}
        for row in group["requests"]:
            bits, said = int(row["bits"], 16), [row["verdict"], row["rule"]]
            crosses = bits & space.crossing
            by, final = ["deny" if crosses else "allow", None], ""
            for layer in ruled:  # points 1 to 4 of the language
                matching = [(rule, mask) for rule, mask in layer if mask & bits]
                if matching:
                    require({bits & ~mask for _, mask in matching} == {0}, "a row mixes requests")
                    rival = [pair for pair in matching if not pair[0]["listen"]] or matching
                    best = [r for r, x in rival if not any(y != x and not y & ~x for _, y in rival)]
                    effect, by = best[0]["effect"], [best[0]["effect"], f"{best[0]['id']:08x}"]
                    agreed = {rule["effect"] for rule in best} | {final or effect} == {effect}
                    require(agreed, f"the rule {by[1]} contradicts another")
                    require(effect != "deny" or rival == matching, "a listen is denied")
                    final = effect if any(rule["final"] for rule in best) else final
            right = said == by == row["tables"] and not bits & ~folded.get((*said,), 0)
            right = right and 0 < bits == bits & left and crosses in (0, bits)
            require(right, f"the certificate is wrong about {group['cells'][0]}")
            left &= ~bits
        require(not left, f"the certificate leaves out requests of {group['cells'][0]}")
        return space, votes

    def place(self, name: str, values: Sequence[int]) -> int:  # where they stand in an array
        at = self.places.setdefault((name, tuple(values)), len(self.a[name]))
        self.a[name] += values if at == len(self.a[name]) else ()
        return at

    def map(self, tops: str, numbers: list[int]) -> int:  # in pages of 64, and its number
        filled = [*numbers, *numbers[-1:] * (-len(numbers) % 64)]
        pages = [self.place("pages", filled[i : i + 64]) for i in range(0, len(filled), 64)]
        return self.place(tops, pages) // len(pages)

    def rules(self, rows: Any) -> tuple[int, int]:
        """Where the rules of rows of the IR stand, and how many there are."""
        made, words = list[int](), {axis: self.certificate[axis] for axis in AXES}
        for row in rows:
            sets: list[Sequence[int]] = [(), (), (), self.columns[row["actions"]]]
            flags = sum(8 << PROTOCOLS[x] for x in row.get("protocols", PROTOCOLS))
            if "to" in row:
                flags += 1 + 2 * ("self" in row["to"]["members"]) + 4 * row["to"]["exclude"]
                sets[0] = ranges(self.ids[x] for x in row["to"]["members"] if x != "self")
            if "ports" in row:
                sets[1] = [len(row["ports"]), *(low << 16 | high for low, high in row["ports"])]
            if row.keys() & words.keys():
                on = (ranges(map(x.index, row.get(axis, x))) for axis, x in words.items())
                sets[2] = [self.place("sets", x) for x in on]
            to, ports, socket, actions = (self.place("sets", x) if x else 0 for x in sets)
            made += self.ir["rules"][row["rule"]]["id"], actions, to, flags, ports, socket
        return self.place("rules", made) // 6 if made else 0, len(rows)

    def class_(self, space: Space, votes: int) -> int:
        """The number of the class with some verdicts."""
        _, rows, vnodes, passthrus, _ = ENGINE["shape"]
        closed, row = lows(ENGINE["processes"]), votes >> 2 * ENGINE["processes"] - 2
        bits = f"{row >> 2 * rows & 3 * lows(vnodes + passthrus):064b}"
        grant, deny = int(bits[::2], 2), int(bits[1::2], 2)
        every = [(0, 0, -1), *space.binds(votes)]
        ports = [(x, vote) for (*_, last), (x, _, vote) in pairwise(every) if vote != last]
        ends = [*(port - 1 for port, _ in ports[1:]), *[PORTS - 1] * (7 - len(ports))]
        binds = [*(vote for _, vote in ports), *[ports[-1][1]] * (7 - len(ports))]
        if len(ports) > 7:
            runs = pairwise([(0, ports[0][1]), *ports[1:], (PORTS, 0)])
            numbers = [*chain(*([vote] * (end - low) for (low, vote), (end, _) in runs))]
            ends, binds = [self.map("port_tops", numbers), 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 128]
        border = {self.ids[x]: votes >> i & space.process for x, i in space.targets.items()}
        rest = border.pop(-1)
        told = {id_: crossing for id_, crossing in border.items() if id_ and crossing != rest}
        named, crossing = next(iter(told.items())) if len(told) == 1 else (0, rest)
        if len(told) > 1:
            gaps = dict.fromkeys({*range(self.last)} - {*self.ids.values()}, closed)
            order = sorted((gaps | told | {0: border[0]}).items())
            known = {id_: self.place("crossings", [x]) for id_, x in order}
            other = self.place("crossings", [rest])
            peers = [known.get(id_, other) for id_ in range(self.last + 1)]
            named, binds[6] = self.map("peer_tops", peers), binds[6] | 64
        on = votes >> 2 * self.rows & 3 * lows(self.sockets)
        kind = [on >> i & UNLIMITED for i in range(0, 2 * self.sockets, 32)]
        common = [
            votes & 3 * closed - 3 | 1,
            border[0],
            crossing,
            rest,
            self.place("sockets", kind),
        ]
        row = row & 3 * lows(rows) - 3 | 1 | (votes >> space.ports[0] & 0xFFF) << 2 * rows
        line = [row >> i & UNLIMITED for i in range(0, 2 * rows + 12, 32)]
        line += [deny % (1 << vnodes) if self.a["classes"] else UNLIMITED]  # some have no name
        line += self.place("commons", common) // 5, named, *ends, *binds
        line += [deny >> vnodes | grant >> vnodes << 4]
        return self.place("classes", line) // len(line)

    def written(self) -> tuple[bytes, str]:
        """The tables as image, and as C text without comments and ends of lines."""
        c, a, rules = self.certificate, self.a, self.ir["rules"]
        owned = [self.decide(group, True) for group in c["owned"]]
        listens = [
            {"cell": name, "protocol": protocol, "ports": rules[i]["ports"], "rule": i}
            for name in sorted(self.cells)
            for i in chain(*(self.layers[True][n] for n in self.cells[name]["layers"]))
            for protocol in (rules[i]["protocols"] if rules[i]["listen"] else ())
        ]
        require(c["reserved"] == self.ir["reservations"] == listens, "ports have other owners")
        require({x["cell"] for x in listens} == {x["cells"][0] for x in c["owned"]}, "not owned")
        owners = dict[int, list[int]]()
        for x, port in [(y, n) for y in listens for a, b in y["ports"] for n in range(a, b + 1)]:
            owner, field = owners.setdefault(port, [0, 0, 0]), PROTOCOLS[x["protocol"]]
            require(not owner[field], "two cells listen on a port")
            owner[field] = self.ids[x["cell"]]
        parts = [part for space, votes in owned for part in space.binds(votes) if part[2]]
        for port, vote in [(port, vote) for low, end, vote in parts for port in range(low, end)]:
            owners[port][2] |= vote
        steps, others, first = [(0, 0)], dict[tuple[int, ...], int](), dict[int, int]()
        for port in sorted({*owners, *(port + 1 for port in owners)} - {PORTS}):
            tcp, udp, votes = owners.get(port, (0, 0, 0))
            number, how = tcp or udp, (tcp > 0) * (64 | votes & 3) | (udp > 0) * (128 | votes & 12)
            if number and (udp not in (0, number) or first.setdefault(number, how) != how):
                number = self.last + 1 + others.setdefault((tcp, udp, how), len(others))
            steps += [(port, number)] * (number != steps[-1][1])
        a["owners"], a["port_owners"] = [*chain(*others)], [owner for _, owner in steps]
        a["port_ends"] = [*(port - 1 for port, _ in steps[1:]), PORTS - 1]
        nobody = Space(self, {"cells": [], "targets": ["host", "*"], "ports": [0, 1, 1024, PORTS]})
        self.place("crossings", [lows(ENGINE["processes"])])
        self.class_(nobody, lows(nobody.all.bit_length()))
        self.decide(c["host"], True)
        classes = [self.class_(*self.decide(group, False)) for group in c["classes"]]
        class_of = {x: i for i, y in zip(classes, c["classes"], strict=True) for x in y["cells"]}
        none = dict.fromkeys(ENGINE["limits"], 2**64 - 1)
        self.place("ceilings", [*none.values()])
        a["sets"], a["cells"] = [0], [0, 0, 0, 0, UNLIMITED, *[0] * 8]
        spans = [self.rules(class_["verdicts"]) for class_ in self.ir["classes"]]
        at = [*accumulate((len(text) + 1 for text in self.texts), initial=0)]
        for (name, cell), text in zip(self.cells.items(), at[1:], strict=False):
            given = {x["name"]: x["value"] for x in cell["limits"] if x["value"] is not None}
            limits = self.place("ceilings", [*(none | given).values()]) // len(none)
            most = UNLIMITED if cell["processes"] is None else min(cell["processes"], UNLIMITED - 1)
            a["cells"] += cell["id"], text, int(cell["permissive"]), class_of[name], most
            binds = {i for n in cell["layers"] for i in self.layers[True][n] if rules[i]["listen"]}
            listens = [rules[i] | {"rule": i} for i in sorted(binds)]
            a["cells"] += limits, *spans[cell["class_"]], *self.rules(cell["owned"])
            a["cells"] += *self.rules(listens), first.get(cell["id"], 0)
        a["strings"] = [*"".join(f"{name}\0" for name in self.texts).encode()]
        for axis, table in zip(AXES, ("domain_of", "type_of", "protocol_of"), strict=True):
            require(c[axis][0] == "other", f"{axis} do not begin with the rest")
            known = {ENGINE["words"][axis][word]: i for i, word in enumerate(c[axis]) if i}
            a[table] = [known.get(i, 0) for i in range(max(known, default=-1) + 1)]
        n = {name: len(a[name]) // row.count("%") for name, row in ENGINE["rows"].items()}
        n |= {axis: len(c[axis]) for axis in AXES} | {"flags": int(self.ir["permissive"])}
        n |= {"policy": at[-2], "strings": at[-1], "ids": self.last + 1}
        n["port_tops"] //= 1024
        n["peer_tops"] //= self.last // 64 + 1
        numbers = [n[name] for name in ENGINE["numbers"]]
        body, about = b"", [text.encode() for text in (self.ir["target"], c["files"][IR])]
        for values, code in zip((numbers, *self.a.values()), ENGINE["codes"], strict=True):
            body += struct.pack("<" + code * (len(values) // len(code)), *values)
            body += bytes(-len(body) % 64)
        head = struct.pack("<7I16s68s", 128 + len(body), *ENGINE["shape"], len(numbers), *about)
        head = b"CELLPOL\0" + struct.pack("<II", 3, zlib.crc32(head + body)) + head
        rows = {x: row * (len(self.a[x]) // row.count("%")) for x, row in ENGINE["rows"].items()}
        arrays = [row % tuple(self.a[name]) or "0," for name, row in rows.items()]
        arrays += ["".join(f'"{text}\\000"' for text in self.texts)]
        return head + body, "".join(ENGINE["text"]) % (*arrays, *numbers, c["files"][IR])


def check(files: Callable[[str], bytes]) -> str:
    """What is wrong with a build, given what reads a file of it; "" when nothing is."""
    try:
        image, text = Build(files).written()
        require(files(IMAGE) == image, "the image is not what the rules call for")
        bare = re.sub(r'\t?/\*[^"?\\]*?\*/|\n', "", files(TABLES_C).decode())
        require(bare == text, "the C text is not what the rules call for")
    except Exception as error:  # whatever keeps the check from its end, the build has not passed
        return str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(check(lambda path: Path(*sys.argv[1:2], path).read_bytes()) or None)
