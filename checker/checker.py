"""Checks a build of cellc: that its tables decide as the rules in policy.ir.json say.

    python3 -I checker DIR

Needs nothing but Python and shares no code with the compiler.  It folds the layered rules of
each cell (docs/language.md, "Which rule decides"), holds the IR's folded rows and each row of
policy.cert.json against that, and has tables.py compare the kernel module's tables; actions.py
knows what can be asked.

A set of requests is one integer with two bits for a request, placed as verdicts are in tables;
the lower one counts.  docs/certificate.md says which place means what.
"""

import hashlib
import json
import struct
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from checker.actions import AXES, Actions, Json, lows
from checker.tables import NO_CEILING, PORTS, UNLIMITED, FaultError, Tables, require

IR, CERTIFICATE, IMAGE = "policy.ir.json", "policy.cert.json", "kmod/cellpolicy.img"
ACTIONS_C, TABLES_C = (f"kmod/secmodel_cellpolicy/cellpolicy_{x}.c" for x in ("actions", "tables"))
CERTIFIED = (IR, IMAGE, ACTIONS_C, TABLES_C)
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
EFFECTS, PROTOCOLS = ("deny", "allow", "grant"), ("tcp", "udp", "other")
Folded = dict[tuple[str, int | None], int]
"""The requests that each effect and rule (its id, or none) decides."""


class Space:
    """The requests of one subject, as far as some rules tell them apart."""

    def __init__(self, build: "Build", subject: str, rules: Sequence[Json]) -> None:
        self.build, self.subject, a = build, subject, build.actions
        named = {m for r in rules if "to" in r for m in r["to"]["members"]}
        named -= {"self", "host", subject}
        self.targets = [*sorted(named), *["host"] * (subject != "host"), "*"]
        cuts = {x for r in rules for low, high in r.get("ports", ()) for x in (low, high + 1)}
        self.ports = sorted(cuts | {0, 1, 1024, PORTS})
        start, self.step = 2 * (a.rows + a.sockets), 2 * a.processes
        self.places = [start + self.step * i for i in range(len(self.targets))]
        self.borders = lows(len(self.targets), self.step) << start
        self.binds = start + self.step * len(self.targets)
        asked = [0x555, *(0x540 if port < 1024 else 0x015 for port in self.ports[1:-1])]
        self.intervals = lows(len(asked), 12) << self.binds
        self.asked = sum(bits << self.binds + 12 * i for i, bits in enumerate(asked))
        others = len(build.cells) > len(named) + (subject in build.cells)
        own, target, _ = a.everything
        self.crossing = target * (self.borders & (-1 if others else ~(1 << self.places[-1])))
        self.all = own | self.crossing | self.asked

    def mask(self, r: Json) -> int:
        """The requests that a row is about: each condition leaves out what does not carry it."""
        bits: int
        own, target, bind = self.build.actions.covers[r["actions"]]
        bits = own | target * self.borders | bind * self.intervals & self.asked
        if "to" in r:
            members, process = r["to"]["members"], (1 << self.step) - 1
            to = process if "self" in members or self.subject in members else 0
            for name, place in zip(self.targets, self.places, strict=True):
                to |= process << place if name in members else 0
            bits &= (process | process * self.borders) & (~to if r["to"]["exclude"] else to)
        if "protocols" in r:
            bits &= self.intervals * sum(0x041 << 2 * PROTOCOLS.index(p) for p in r["protocols"])
        if "ports" in r:
            on = 0
            for low, high in r["ports"]:
                i, end = bisect_left(self.ports, low), bisect_left(self.ports, high + 1)
                require((self.ports[i], self.ports[end]) == (low, high + 1), "a row splits ports")
                on |= (1 << 12 * end) - (1 << 12 * i) << self.binds
            bits &= on
        for axis in AXES.keys() & r.keys():
            bits &= sum(self.build.actions.words[axis][word] for word in {*r[axis]})
        return bits

    def leaves(self, votes: int, shift: int = 0) -> Iterable[tuple[int, int, int]]:
        """Verdicts on binds by interval of ports (first, end)."""
        for i, (low, end) in enumerate(pairwise(self.ports)):
            yield low, end, (votes >> self.binds + 12 * i & 0xFFF) << shift

    def fold(self, layers: Sequence[Sequence[int]], within: int) -> Folded:
        """Points 1 to 4 of the language: what decides each of some requests."""
        decided, folded, later, all_ = 0, Folded(), list[tuple[int, str]](), self.build.ir["rules"]
        for layer in reversed(layers):
            said, once, twice = dict.fromkeys(EFFECTS, 0), 0, 0
            masks = [(all_[i], self.mask(all_[i]) & self.all) for i in sorted(layer)]
            explicit = [mask for rule, mask in masks if not rule["listen"]]
            for mask in explicit:
                once, twice = once | mask, twice | once & mask
            regions, listens = list[tuple[Json, int]](), [x for x in masks if x[0]["listen"]]
            for rule, mask in masks:
                if not rule["listen"]:
                    some = explicit if mask & twice else []
                    for less in [x for x in some if x != mask and not x & ~mask]:
                        mask &= ~less
                    regions.append((rule, mask))
                    said[rule["effect"]] |= mask
            deny, allow, grant = said.values()
            require(not (deny & allow | deny & grant | allow & grant), "rules of a layer disagree")
            require(not any(mask & deny for _, mask in listens), "a cell may not bind its port")
            regions += [(rule, mask & ~(allow | grant)) for rule, mask in listens]
            for rule, mask in regions:
                clash = rule["final"] and any(mask & m for m, e in later if e != rule["effect"])
                require(not clash, f"a later layer overrides the final rule {rule['id']:08x}")
                key, new = (rule["effect"], rule["id"]), mask & ~decided & within
                if new:
                    folded[key] = folded.get(key, 0) | new
                decided |= mask
            later += [(mask, rule["effect"]) for rule, mask in regions]
        return folded


class Build:
    """The IR of a build, and the tables that it calls for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.ir, self.certificate = json.loads(files[IR]), json.loads(files[CERTIFICATE])
        hashes = self.certificate["files"]
        for path in CERTIFIED:
            same = hashes[path] == hashlib.sha256(files[path]).hexdigest()
            require(same, f"{path} is not the file that was certified")
        self.actions = Actions(files[ACTIONS_C].decode(), self.certificate["actions"], self.ir)
        self.cells = {x["name"]: x for x in sorted(self.ir["cells"], key=lambda x: int(x["id"]))}
        self.ids = {"host": 0} | {name: cell["id"] for name, cell in self.cells.items()}
        self.tables = Tables(self.actions.shape, self.actions.processes, self.ids.values())
        self.keys: dict[str, Json] = {}
        self.folded: dict[Json, tuple[Space, Folded, int]] = {}
        self.owned: dict[str, tuple[Space, Folded, int]] = {}
        self.listening: list[tuple[str, str, Json, int]] = []
        self.owners: list[tuple[int, int, int]] = []

    def fold(self) -> None:
        """Folds all cells, and works out the tables that this calls for."""
        ir, t = self.ir, self.tables
        nobody = Space(self, "", [])
        self.class_(nobody, lows(nobody.binds // 2 + 6 * len(nobody.ports)))
        spans = [t.span([self.rule(row) for row in x["verdicts"]]) for x in ir["classes"]]
        for cell in self.cells.values():
            self.cell(cell, spans[cell["class_"]])
        t.n |= {"policy": t.text(ir["policy"]), "flags": int(ir["permissive"])}
        for (axis, words), table in zip(
            self.actions.axes.items(), ("domain", "type", "protocol"), strict=True
        ):
            numbers = [self.actions.constants[axis][word] for word in words[1:]]
            t.a[f"{table}_of"] = [0] * (1 + max(numbers, default=-1))
            for i, number in enumerate(numbers, 1):
                t.a[f"{table}_of"][number] = i
            t.n[f"{table}s"] = len(words)
        self.reserved()
        t.lay_out(self.owners)

    def compare(self, image: bytes, text: str) -> None:
        """Whether the image and the C text hold those tables."""
        self.tables.compare(image, text, self.ir["target"], self.certificate["files"][IR])

    def class_(self, space: Space, votes: int) -> int:
        """The number of a class in the tables."""
        border = [votes >> place & (1 << space.step) - 1 for place in space.places]
        ids = [*(self.ids[name] for name in space.targets[:-1]), -1]
        borders = dict(zip(ids, border, strict=True))
        return self.tables.class_(votes, borders, space.leaves(votes), self.actions.sockets)

    def rule(self, row: Json) -> list[int]:
        """How the tables name the rule of a row, and what it is about."""
        t, to, ports, socket = self.tables, 0, 0, 0
        flags = sum(8 << PROTOCOLS.index(p) for p in row.get("protocols", PROTOCOLS))
        if "to" in row:
            members = row["to"]["members"]
            to = t.set(self.ids[member] for member in members if member != "self")
            flags += 1 + 2 * ("self" in members) + 4 * row["to"]["exclude"]
        if "ports" in row:
            ports = t.place("sets", [len(row["ports"]), *(x << 16 | y for x, y in row["ports"])])
        if not AXES.keys().isdisjoint(row):
            axes = self.actions.axes.items()
            on = [[axis.index(word) for word in row.get(name, axis)] for name, axis in axes]
            socket = t.place("sets", [t.set(numbers) for numbers in on])
        actions = t.place("sets", self.actions.columns[row["actions"]])
        return [self.ir["rules"][row["rule"]]["id"], actions, to, flags, ports, socket]

    def votes(self, space: Space, rows: Json, folded: Folded, left: int) -> int:
        """The verdicts of rows of the IR, which must be what folding the layers gives."""
        said, wrong = dict.fromkeys(EFFECTS, 0), f"the IR's rows for {space.subject} are wrong"
        for row in rows:
            bits = space.mask(row)
            said[row["effect"]] |= bits
            known = folded.get((row["effect"], self.ir["rules"][row["rule"]]["id"]), 0)
            require(bits & space.all and not bits & space.all & ~(left & known), wrong)
            left &= ~bits
        require(not any(left & bits for bits in folded.values()), wrong)
        closed = 1 | space.borders * lows(self.actions.processes)
        return said["deny"] | said["grant"] << 1 | closed & ~sum(said.values())

    def cell(self, cell: Json, span: tuple[int, int]) -> None:
        """Folds the rules of a cell, and adds it to the tables."""
        ir, rules, name, t = self.ir, self.ir["rules"], cell["name"], self.tables
        layers = [ir["layers"][i]["rules"] for i in cell["layers"]]
        explicit = tuple(tuple(i for i in layer if not rules[i]["listen"]) for layer in layers)
        flat = [rules[i] for layer in explicit for i in layer]
        rows = ir["classes"][cell["class_"]]["verdicts"]
        named = any(name in r["to"]["members"] for r in (*flat, *rows) if "to" in r)
        key = self.keys[name] = explicit, cell["class_"], name if named else ""
        if key not in self.folded:
            space = Space(self, name, flat)
            folded = space.fold(explicit, space.all)
            number = self.class_(space, self.votes(space, rows, folded, space.all))
            self.folded[key] = space, folded, number
        listens = [i for layer in layers for i in layer if rules[i]["listen"]]
        require(listens or not cell["owned"], f"{name} owns ports but listens on none")
        if listens:
            covers = self.actions.covers
            binds = [[i for i in layer if covers[rules[i]["actions"]][2]] for layer in layers]
            space, own = Space(self, name, [rules[i] for layer in binds for i in layer]), 0
            for i in listens:
                own |= space.mask(rules[i]) & space.all
                self.listening += [(name, p, rules[i]["ports"], i) for p in rules[i]["protocols"]]
            self.owned[name] = space, space.fold(binds, own), own
            self.owners += space.leaves(self.votes(space, cell["owned"], *self.owned[name][1:]))
        limits = [NO_CEILING] * len(self.actions.limits)
        for limit in cell["limits"]:
            if limit["value"] is not None:
                limits[self.actions.limits.index(limit["name"])] = limit["value"]
        most = UNLIMITED if cell["processes"] is None else min(cell["processes"], UNLIMITED - 1)
        ceiling = t.place("ceilings", limits) // len(limits)
        owned = t.span([self.rule(row) for row in cell["owned"]])
        settings = t.text(name), int(cell["permissive"]), self.folded[key][2], most, ceiling
        listen = [self.rule({**rules[i], "rule": i}) for i in sorted(listens)]
        t.a["cells"] += [cell["id"], *settings, *span, *owned, *t.span(listen), 0]

    def reserved(self) -> None:
        """Gives ports to the cells that listen on them, one cell to a port and protocol."""
        claims = []
        for cell, protocol, ports, _ in self.listening:
            udp = PROTOCOLS.index(protocol)
            owner = self.ids[cell] << 12 + 16 * udp
            claims += [(udp, low, high + 1, owner) for low, high in ports]
        claims.sort()
        require(all(a[0] < b[0] or a[2] <= b[1] for a, b in pairwise(claims)), "two own a port")
        self.owners += [claim[1:] for claim in claims]
        kept = [(x["cell"], x["protocol"], x["ports"], x["rule"]) for x in self.ir["reservations"]]
        require(sorted(kept) == sorted(self.listening), "the IR gives ports to others")

    def certified(self, c: Json) -> None:
        """Whether a certificate says of every request just once what decides it."""
        seen, rules = list[str](), self.ir["rules"]
        for group in c["classes"]:
            for key in {self.keys[name] for name in group["cells"]}:
                space, folded, _ = self.folded[key]
                self.group(group, space, folded, space.all)
            seen += group["cells"]
        require(sorted(seen) == sorted(self.cells), "the certificate is about other cells")
        owned = [group["cells"] for group in c["owned"]]
        require(owned == [[name] for name in sorted(self.owned)], "other cells own ports")
        for group in c["owned"]:
            self.group(group, *self.owned[group["cells"][0]])
        host = Space(self, "host", [])
        self.group(c["host"], host, {}, host.all)
        wanted = sorted([*x, f"{rules[i]['id']:08x}"] for *x, i in self.listening)
        same = sorted(c["reserved"]) == wanted and c["processes"] == self.actions.processes
        same = same and all(c[axis] == words for axis, words in self.actions.axes.items())
        require(same, "the certificate has other owners of ports, or axes")

    def group(self, group: Json, space: Space, folded: Folded, left: int) -> None:
        """Whether rows of the certificate say what is decided of some requests."""
        same = (group["targets"], group["ports"]) == (space.targets, space.ports)
        require(same, f"the certificate numbers requests of {space.subject} otherwise")
        free = left & ~sum(folded.values())
        known = {
            **folded,
            ("deny", None): free & space.crossing,
            ("allow", None): free & ~space.crossing,
        }
        for row in group["requests"]:
            rule, bits = row["rule"] and int(row["rule"], 16), int(row["bits"], 16)
            right = bits > 0 and not bits & ~(left & known.get((row["verdict"], rule), 0))
            same = row["tables"] == [row["verdict"], row["rule"]]
            require(right and same, f"the certificate is wrong about {space.subject}: {row}")
            left &= ~bits
        require(not left, f"the certificate leaves out requests of {space.subject}")


def check(files: Mapping[str, bytes]) -> str:
    """What is wrong with a build, given its files; "" when nothing is."""
    try:
        build = Build(files)
        build.fold()
        build.compare(files[IMAGE], files[TABLES_C].decode())
        build.certified(build.certificate)
    except FaultError as fault:
        return str(fault)
    except (*MALFORMED, struct.error) as error:
        return f"the files are not what cellc writes: {error!r}"
    return ""
