"""What can be asked: the numbering of actions, and bits of sets of them."""

import re
from itertools import product
from typing import Any

from checker.tables import ranges, require

AXES = {"domains": "PF", "types": "SOCK", "socket_protocols": "IPPROTO"}
BINDS = {"network.bind.port": 0x015, "network.bind.privport": 0x540}
Json = Any


def lows(count: int, distance: int = 2) -> int:
    """So many bits, each so far from the one before: the lower bits of as many verdicts."""
    return sum(1 << distance * i for i in range(count))


class Actions:
    """What can be asked: as the engine's C file and the certificate list it."""

    def __init__(self, text: str, listed: Json, ir: Json) -> None:
        def array(name: str, item: str) -> list[str]:
            return re.findall(item, *re.findall(rf"cellpolicy_{name}\[\] = {{(.*?)}};", text, re.S))

        names, self.limits = (array(f"{x}_names", '"(.*)"') for x in ("action", "limit"))
        columns, outward = (
            list(map(int, array(f"{x}columns", r"\b\d+"))) for x in ("", "process_")
        )
        rights = [list(map(int, array(f"{x}_columns", r"\d+"))) for x in ("vnode", "passthru")]
        known = re.findall(r"\[KAUTH_(?:REQ_)?(\w+)\](?:\[0\])? = (\d+),", text)
        asked = {
            name: names[(outward if name.startswith("PROCESS_") else columns)[int(place)]]
            for name, place in known
        }
        for places, scope in zip(rights, ("VNODE", "DEVICE_RAWIO_PASSTHRU"), strict=True):
            known = re.findall(rf"KAUTH_(?:REQ_)?({scope}_\w+)\) != 0 \? (0x\w+) : 0;", text)
            asked |= {name: names[places[int(bit, 16).bit_length() - 1]] for name, bit in known}
        same = all(c.lower() == name.replace(".", "_") for c, name in asked.items())
        place = {
            names[column]: i
            for i, column in enumerate([*outward, *columns[1:], *rights[0], *rights[1]])
        }
        self.shape = len(names) - 1, len(columns), *map(len, rights), len(self.limits)
        self.processes, self.rows = 1 + sum(x.startswith("process.") for x in place), len(place)
        named = [{w for r in ir["rules"] for w in r.get(axis, ())} - {"other"} for axis in AXES]
        self.axes = {axis: ["other", *sorted(x)] for axis, x in zip(AXES, named, strict=True)}
        planes = [*product(*self.axes.values())]
        raw = [("inet6", "raw", protocol) for protocol in self.axes["socket_protocols"]]
        self.sockets, open_, start = len(planes) + len(raw), lows(len(planes)), 2 * self.rows
        bits = {name: (0, 0, leaf) for name, leaf in BINDS.items()}
        bits["network.socket.open"] = open_ << start, 0, 0
        bits["network.socket.rawsock"] = lows(len(raw)) << start + 2 * len(planes), 0, 0
        same = same and {*asked.values(), *bits} == {name for name, *_ in listed}
        for name, at, kind in listed:
            process = kind in ("self", "target")
            same = same and at == place.get(name, 0) and process == name.startswith("process.")
            bits.setdefault(name, (1 << 2 * at, (kind == "target") << 2 * at, 0))
        require(same, "the engine asks about other actions than the certificate")
        sets = [[*bits], *ir["action_sets"]]
        self.everything, *self.covers = [
            [sum(x) for x in zip((0, 0, 0), *(bits[name] for name in {*set_}), strict=True)]
            for set_ in sets
        ]
        """By action set: its own bits, those of each target, and of each interval of ports."""
        self.columns = [ranges(names.index(name) for name in set_) for set_ in sets[1:]]
        self.words = {axis: dict.fromkeys([*x, "inet6", "raw"], 0) for axis, x in self.axes.items()}
        for i, socket in enumerate(planes + raw, self.rows):
            for axis, word in zip(AXES, socket, strict=True):
                self.words[axis][word] |= 1 << 2 * i
        self.constants = {
            axis: {w.lower(): int(n) for w, n in re.findall(rf"\({prefix}_(\w+) == (\d+)\)", text)}
            for axis, prefix in AXES.items()
        }
