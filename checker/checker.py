"""Checks a build of cellc: that its tables decide as the rules in policy.ir.json say.

    python3 -I checker DIR

Needs nothing but Python and shares no code with the compiler.  It folds the layered rules
itself (docs/language.md, "Which rule decides") and compares the result with the IR's folded
rows, the kernel module's tables in both forms, and every row of policy.cert.json.
docs/certificate.md says how.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise

from checker.claims import certified
from checker.space import AXES, PROTOCOLS, Actions, Folded, Json, Space
from checker.tables import FaultError, Tables, numbers, require, runs, tiles

IR, CERTIFICATE, IMAGE = "policy.ir.json", "policy.cert.json", "kmod/cellpolicy.img"
TABLES_C = "kmod/secmodel_cellpolicy/cellpolicy_tables.c"
ACTIONS_C = "kmod/secmodel_cellpolicy/cellpolicy_actions.c"
CERTIFIED = (IR, IMAGE, TABLES_C, ACTIONS_C)
UNLIMITED, NO_CEILING = 2**32 - 1, 2**64 - 1
MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError, struct.error)


def denied(verdicts: int) -> int:
    """A row of so many denials."""
    return sum(1 << 2 * i for i in range(verdicts))


class Build:
    """The IR, the tables and the certificate of one build."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        ir, certificate = json.loads(files[IR]), json.loads(files[CERTIFICATE])
        self.ir: Json = ir
        self.certificate: Json = certificate
        for path in CERTIFIED:
            same = certificate["files"][path] == hashlib.sha256(files[path]).hexdigest()
            require(same, f"{path} is not the file that was certified")
        self.actions = Actions(files[ACTIONS_C].decode(), certificate["actions"])
        self.tables = t = Tables(files[IMAGE], files[TABLES_C].decode())
        require(t.digest == certificate["files"][IR] and t.target == ir["target"], "other tables")
        self.cells = {cell["name"]: cell for cell in ir["cells"]}
        arrays = zip(AXES, ("domain_of", "type_of", "protocol_of"), strict=True)
        self.axes = [self.axis(*names) for names in arrays]
        self.plane = -(-(len(self.axes[0]) * len(self.axes[1]) + 1) * len(self.axes[2]) // 16)
        self.keys: dict[str, Json] = {}
        self.folded: dict[Json, tuple[Space, Folded]] = {}
        self.owned: dict[str, tuple[Space, Folded, int]] = {}
        self.listening: list[tuple[str, list[str], list[list[int]], int]] = []
        self.done: set[Json] = set()

    def axis(self, words: str, array: str) -> dict[str, int]:
        """The class of each word that rules name, in the order of the words."""
        of, t = self.actions.constants[words], self.tables
        named = {w for r in self.ir["rules"] for w in r.get(words, ())} - {"other"}
        ordered = sorted(named)
        axis = {"other": 0} | {word: i for i, word in enumerate(ordered, 1)}
        classes = [0] * (1 + max([of[word] for word in named], default=-1))
        for word in ordered:
            classes[of[word]] = axis[word]
        size = t.n[words.removeprefix("socket_")]
        same = t.a[array] == tuple(classes) and size == len(axis)
        require(same, f"{array} does not tell apart what the rules do")
        return axis

    def socket_bits(self, r: Json, c: Mapping[str, int]) -> int:
        domains, types, protocols = (r.get(x, y) for x, y in zip(AXES, self.axes, strict=True))
        d, t, p = self.axes
        planes = [d[x] * len(t) + t[y] for x in domains for y in types] if c["socket"] else []
        if c["rawsock"] and "inet6" in r.get("domains", "inet6") and "raw" in r.get("types", "raw"):
            planes.append(len(d) * len(t))
        return sum(1 << 2 * (plane * len(p) + p[x]) for plane in planes for x in protocols)

    def check(self) -> None:
        """Raises Fault, or an error of Python's for files that are not what they seem."""
        t, ir, place = self.tables, self.ir, 0
        cells = [None, *sorted(self.cells.values(), key=lambda cell: int(cell["id"]))]
        self.ids = [0, *(cell["id"] for cell in cells[1:])]
        same = len(cells) == t.n["cells"] and t.n["ids"] == self.ids[-1] + 1
        require(same and self.ids == sorted(set(self.ids)), "the tables have other cells")
        texts = [*(cell["name"] if cell else "?" for cell in cells), ir["policy"]]
        ends = t.a["port_ends"]
        self.steps = list(
            zip([0, *(end + 1 for end in ends)], ends, t.a["port_numbers"], strict=False)
        )
        self.unknown(t.record("cells", 10, 0))
        for number, cell in enumerate(cells[1:], 1):
            place += len(texts[number - 1]) + 1
            self.cell(cell, t.record("cells", 10, number), place)
        place += len(texts[-2]) + 1
        strings = "".join(f"{text}\0" for text in texts).encode()
        whole = bytes(t.a["strings"]), t.n["policy"], t.n["flags"]
        require(whole == (strings, place, ir["permissive"]), "the names in the tables are others")
        self.reserved()
        certified(self, self.certificate)
        widths = {"crossings": 1, "sockets": self.plane, "owners": 8, "rules": 6}
        widths |= {"ceilings": t.width["L"], "classes": t.width["C"]}
        for name, width in widths.items():
            rows = [t.a[name][i : i + width] for i in range(0, len(t.a[name]), width)]
            different = name in ("owners", "rules") or len({*rows}) == len(rows)
            require(different and len(t.used.get(name, ())) == len(rows), f"{name} has idle rows")
        pages = {(page, 64) for page in t.a["tops"]}
        require(tiles(t.maps, 0, t.n["tops"]) and tiles(pages, 0, t.n["pages"]), "idle maps")
        require(
            len({t.a["pages"][x : x + 64] for x, _ in pages}) == len(pages), "a page is there twice"
        )
        require(tiles(t.sets, 0, t.n["sets"]), "idle sets")
        require(t.a["sets"][0] == 0, "the set of no condition is not empty")

    def unknown(self, cell: Sequence[int]) -> None:
        """Row 0 of cells and classes stands for ids that no cell has: everything is denied."""
        t = self.tables
        row, found = self.class_(0)
        sockets = len(self.axes[2]) * (len(self.axes[0]) * len(self.axes[1]) + 1)
        crossings = {t.record("crossings", 1, x)[0] for x in t.map(found[2], t.n["ids"])}
        require(
            cell == (0, 0, 0, 0, UNLIMITED, 0, 0, 0, 0, 0) and row == denied(t.positions)
            and crossings == {denied(self.actions.processes)} and found[:2] == [UNLIMITED, 0xFFFF]
            and {*t.map(found[3], len(self.steps))} == {denied(6)}
            and t.row("sockets", self.plane, found[4] // self.plane) == denied(sockets)
            and {*t.record("ceilings", t.width["L"], 0)} == {NO_CEILING},
            "row 0 is not what unknown cells are to have",
        )  # fmt: skip

    def class_(self, number: int) -> tuple[int, list[int]]:
        """The row of a class, and its other fields."""
        row = self.tables.row("classes", self.tables.width["C"], number)
        bits = 32 * self.tables.words
        return row & (1 << bits) - 1, [row >> bits + 32 * i & UNLIMITED for i in range(5)]

    def cell(self, cell: Json, found: Sequence[int], place: int) -> None:
        t, rules, limits = self.tables, self.ir["rules"], [NO_CEILING] * self.tables.width["L"]
        for limit in cell["limits"]:
            if limit["value"] is not None:
                limits[self.actions.limits.index(limit["name"])] = limit["value"]
        most = UNLIMITED if cell["processes"] is None else min(cell["processes"], UNLIMITED - 1)
        number, found = found[3], (*found[:3], *found[4:])
        same = found[:4] == (cell["id"], place, cell["permissive"], most)
        same = same and t.record("ceilings", t.width["L"], found[4]) == tuple(limits)
        require(same, f"the settings of {cell['name']} are others in the tables")
        verdicts = self.ir["classes"][cell["class_"]]["verdicts"]
        layers = [self.ir["layers"][i]["rules"] for i in cell["layers"]]
        explicit = tuple(tuple(i for i in layer if not rules[i]["listen"]) for layer in layers)
        flat = [*(rules[i] for layer in explicit for i in layer)]
        named = any(cell["name"] in r["to"]["members"] for r in (*flat, *verdicts) if "to" in r)
        key = self.keys[cell["name"]] = explicit, cell["name"] if named else ""
        if key not in self.folded:
            space = Space(self, cell["name"], flat)
            self.folded[key] = space, space.fold(explicit, False)
        if self.first("class", key, cell["class_"], number):
            space, folded = self.folded[key]
            self.rows(space, verdicts, folded, space.all)
            self.table(space, verdicts, number)
        if self.first("rules", found[5:7], cell["class_"]):
            self.rules(found[5], found[6], verdicts)
        listens = [i for layer in layers for i in layer if rules[i]["listen"]]
        self.listening += [
            (cell["name"], rules[i]["protocols"], rules[i]["ports"], i) for i in listens
        ]
        if listens:
            cover, sets = self.actions.cover, self.ir["action_sets"]
            binds = [[i for i in x if cover(sets[rules[i]["actions"]])["bind"]] for x in layers]
            space = Space(self, cell["name"], [rules[i] for layer in binds for i in layer])
            own = 0
            for i in listens:
                own |= space.mask(rules[i], sets)
            folded = {
                key: bits & own for key, bits in space.fold(binds, True).items() if bits & own
            }
            self.owned[cell["name"]] = space, folded, own
            self.rows(space, cell["owned"], folded, own)
        self.rules(found[7], found[8], cell["owned"])

    def first(self, *key: Json) -> bool:
        """Whether something is not checked yet."""
        seen = key in self.done
        self.done.add(key)
        return not seen

    def rows(
        self, space: Space, rows: Json, folded: Mapping[tuple[str, int], int], left: int
    ) -> None:
        """Whether folded rows of the IR are disjoint and say what folding its layers gives."""
        found: Folded = {}
        for row in rows:
            bits = space.mask(row, self.ir["action_sets"]) & space.real
            require(bits and not bits & ~left, "rows of the IR overlap")
            left &= ~bits
            key = row["effect"], self.ir["rules"][row["rule"]]["id"]
            found[key] = found.get(key, 0) | bits
        require(found == folded, f"the IR's rows for {space.subject} are not what its layers say")

    def table(self, space: Space, rows: Json, number: int) -> None:
        """Whether one class of the tables decides as these rows."""
        t, said = self.tables, {"deny": 0, "allow": 0, "grant": 0}
        for row in rows:
            said[row["effect"]] |= space.mask(row, self.ir["action_sets"])
        votes = said["deny"] | said["grant"] << 1
        named, processes = votes | said["allow"], self.actions.processes
        closed, whole = denied(processes), (1 << 2 * processes) - 1
        border = {
            name: votes >> at & whole | closed & ~(named >> at | named >> at + 1)
            for name, at in space.blocks.items()
        }
        known = {0: border["host"]} | {self.cells[n]["id"]: border[n] for n in space.named}
        targets = dict.fromkeys({*range(t.n["ids"])} - {*self.ids}, closed) | known
        ports = [(b - a, votes >> space.bind + 12 * i & 0xFFF)
                 for i, (a, b) in enumerate(pairwise(space.cuts))]  # fmt: skip
        vnode, passthru, no_vnode, granted = (
            sum(1 << i for i, at in enumerate(places) if said[effect] >> 2 * at & 1)
            for effect in ("deny", "grant") for places in self.actions.rights)  # fmt: skip
        row, found = self.class_(number)
        to = t.map(found[2], t.n["ids"])
        crossings = {x: t.record("crossings", 1, x)[0] for x in {*to}}
        reached = [crossings[x] for x in to]
        by_port = t.map(found[3], len(self.steps))
        require(
            row == votes & (1 << 2 * t.positions) - 1 | 1 and found[0] == vnode and not no_vnode
            and reached == [targets.get(i, border[""]) for i in range(t.n["ids"])]
            and runs((b - a + 1, by_port[n]) for a, b, n in self.steps) == runs(ports)
            and found[1] == granted << 16 | passthru and found[4] % self.plane == 0
            and t.row("sockets", self.plane, found[4] // self.plane) == votes >> space.sockets,
            f"class {number} of the tables decides otherwise than {space.subject}'s rows",
        )  # fmt: skip

    def rules(self, first: int, count: int, rows: Json) -> None:
        """Whether the tables name the rules of these rows, in their order."""
        t, axes = self.tables, dict(zip(AXES, self.axes, strict=True))
        wrong = "the tables name other rules than the IR's rows"
        require(count == len(rows) and (count or not first), wrong)
        for i, row in enumerate(rows, first):
            id_, actions, to, flags, ports, socket = t.record("rules", 6, i)
            names, on = (
                self.ir["action_sets"][row["actions"]],
                sum(8 << PROTOCOLS.index(p) for p in row.get("protocols", PROTOCOLS)),
            )
            columns = [self.actions.columns[name] for name in names]
            t.set(actions, numbers(columns), wrong)
            if "to" in row:
                members = row["to"]["members"]
                ids = [0 if m == "host" else self.cells[m]["id"] for m in members if m != "self"]
                t.set(to, numbers(ids), wrong)
                on |= 1 + 2 * ("self" in members) + 4 * row["to"]["exclude"]
            if "ports" in row:
                t.set(ports, [len(row["ports"]), *(a << 16 | b for a, b in row["ports"])], wrong)
            if not AXES.keys().isdisjoint(row):
                places = t.a["sets"][socket : socket + 3]
                t.set(socket, places, wrong)
                for (name, axis), place in zip(axes.items(), places, strict=True):
                    t.set(place, numbers([axis[word] for word in row.get(name, axis)]), wrong)
            said = id_, bool(to), flags, bool(ports), bool(socket)
            narrowed = "to" in row, on, "ports" in row, not AXES.keys().isdisjoint(row)
            require(said == (self.ir["rules"][row["rule"]]["id"], *narrowed), wrong)

    def reserved(self) -> None:
        """Whether ports belong to the cells that listen on them."""
        t, deltas, claims = self.tables, {0: 0, 65536: 0}, []
        for cell, protocols, ports, rule in self.listening:
            udp = PROTOCOLS.index(protocols[0])
            owner = (
                self.cells[cell]["id"] << 32 * udp | self.ir["rules"][rule]["id"] << 64 + 32 * udp
            )
            claims += [(udp, low, high, owner) for low, high in ports]
        claims.sort()
        require(all(a[:1] != b[:1] or a[2] < b[1] for a, b in pairwise(claims)), "two own a port")
        kept = [
            (r["cell"], [r["protocol"]], r["ports"], r["rule"]) for r in self.ir["reservations"]
        ]
        require(
            sorted(kept) == sorted(self.listening), "the reservations are not what cells listen on"
        )
        parts = [(low, high + 1, owner) for _, low, high, owner in claims]
        for space, folded, _ in self.owned.values():
            votes = 0
            for (effect, _), bits in folded.items():
                votes |= bits * {"deny": 1, "allow": 0, "grant": 2}[effect]
            for i, (low, end) in enumerate(pairwise(space.cuts)):
                parts.append((low, end, (votes >> space.bind + 12 * i & 0xFFF) << 128))
        for low, end, number in parts:
            deltas[low] = deltas.get(low, 0) + number
            deltas[end] = deltas.get(end, 0) - number
        expected, total = [], 0
        for low, end in pairwise(sorted(deltas)):
            total += deltas[low]
            expected.append((end - low, total))
        free, found = t.n["ports"], []
        for low, high, number in self.steps:
            tcp, udp, other, *rules, votes, idle = (
                t.record("owners", 8, number - free) if number >= free else [0] * 8
            )
            require(
                not other and not rules[2] and not idle, "a port of another protocol has an owner"
            )
            owner = tcp | udp << 32 | rules[0] << 64 | rules[1] << 96 | votes << 128
            require(owner or number < free, "nobody owns an owned port")
            found.append((high - low + 1, owner))
        require(runs(found) == runs(expected), "the tables give ports to others")
        order = [
            *sorted(n for *_, n in self.steps if n < free),
            *(n for *_, n in self.steps if n >= free),
        ]
        same = order == list(range(len(self.steps))) and self.steps[-1][1] == 65535
        require(same and t.n["owners"] == len(order) - free, "ports are numbered otherwise")


def check(files: Mapping[str, bytes]) -> str:
    """What is wrong with a build, given its files; "" when nothing is."""
    try:
        Build(files).check()
    except FaultError as fault:
        return str(fault)
    except (
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
        struct.error,
    ) as error:
        return f"the files are not what cellc writes: {error!r}"
    return ""
