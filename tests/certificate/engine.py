"""What checker/engine.json must say, read from the C files that the kernel module is made of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from backends.kmod import BACKEND
from compiler.catalogue.actions import RELEASES
from compiler.manifest import CERTIFICATE, IR_FILE
from tests.certificate.builds import TABLES_C, build, policy
from tests.semantics.support import compile_text, must

_, ACTIONS_C, _ = BACKEND.certified
HEADER = "kmod/secmodel_cellpolicy/cellpolicy_tables.h"

#: Codes of struct by the C types of numbers.
_CODES = {"uint8_t": "B", "uint16_t": "H", "uint32_t": "I", "uint64_t": "Q", "char": "B"}
#: Numbers that count what another array, or list of a certificate, holds.
_COUNT = {
    "port_steps": "port_ends",
    "port_maps": "port_tops",
    "peer_maps": "peer_tops",
    "domain_numbers": "domain_of",
    "type_numbers": "type_of",
    "protocol_numbers": "protocol_of",
    "protocols": "socket_protocols",
}
_AXES = {"domains": "PF", "types": "SOCK", "socket_protocols": "IPPROTO"}


def engine() -> Mapping[str, Any]:
    """The content of engine.json."""
    parts = {release: _numbering(text) for release, text in c_files().items()}
    releases = {
        release: [hashlib.sha256(text.encode()).hexdigest(), actions(release)]
        for release, text in c_files().items()
    }
    first = next(iter(parts.values()))
    assert all(part == first for part in parts.values()), "releases are numbered otherwise"
    fixed = {"files": _FILES, "effects": _EFFECTS, "protocols": _PROTOCOLS, "binds": _BINDS}
    content: Mapping[str, Any] = json.loads(
        json.dumps({**fixed, **first, **_layout(), "releases": releases})
    )
    return content


def c_files() -> dict[str, str]:
    """The C file of each release that numbers the actions."""
    return {release: _built(release)[ACTIONS_C].decode() for release in RELEASES}


def actions(release: str) -> list[list[Any]]:
    """The name, place and kind of each action of a release, as certificates have them."""
    found: list[list[Any]] = json.loads(_built(release)[CERTIFICATE])["actions"]
    return found


def places(text: str) -> dict[str, int]:
    """The place of each action, by the KAUTH identifier in small letters."""
    _, rows, processes, _, vnodes, _ = _arrays(text)
    known = re.findall(r"\[KAUTH_(?:REQ_)?(\w+)\](?:\[0\])? = (\d+),", text)
    before = len(processes) - 1
    found = {
        name.lower(): int(place) + (0 if name.startswith("PROCESS_") else before)
        for name, place in known
    }
    rights = re.findall(r"KAUTH_(?:REQ_)?(\w+)\) != 0 \? (0x\w+) : 0;", text)
    for name, bit in rights:
        first = before + len(rows) + (0 if name.startswith("VNODE_") else len(vnodes))
        found[name.lower()] = first + int(bit, 16).bit_length() - 1
    return found


def columns(text: str) -> list[str]:
    """The name of the action at each place."""
    names, rows, processes, _, vnodes, passthrus = _arrays(text)
    known = (*processes[1:], *rows[1:], *vnodes, *passthrus)
    return ["unknown", *(names[int(column)] for column in known)]


#: Where a build has what the checker reads.
_FILES = (IR_FILE, CERTIFICATE, *BACKEND.certified)
#: Verdicts and protocols as the header numbers them, and by leaf the verdicts on a port.
_EFFECTS = {"allow": 0, "deny": 1, "grant": 2}
_PROTOCOLS = {"tcp": 0, "udp": 1, "other": 2}
_BINDS = {"network.bind.port": 0b010101, "network.bind.privport": 0b010101 << 6}

#: A policy that fills every table of records.
_EVERY = """
cell a { profile low; listen tcp 53; deny system.module; }
cell b { profile low; listen udp 53; }
"""


def _built(release: str, cells: str = "") -> Mapping[str, bytes]:
    return build(must(compile_text(f"policy p;\ntarget netbsd {release};\n{cells}")).ir)


def _arrays(text: str) -> list[list[str]]:
    parts = [re.findall(r'^\t"?([\w.]+)"?,?$', x, re.M) for x in text.split("\n};")]
    return parts[:6]


def _numbering(text: str) -> dict[str, Any]:
    names, rows, processes, limits, vnodes, passthrus = _arrays(text)
    assert names[-1] == "unknown"
    assert rows[0] == processes[0] == str(len(names) - 1)
    return {
        "shape": [len(names) - 1, len(rows), len(vnodes), len(passthrus), len(limits)],
        "processes": len(processes),
        "names": names[:-1],
        "limits": limits,
        "words": {
            axis: {c.lower(): int(n) for c, n in re.findall(rf"\({prefix}_(\w+) == (\d+)\)", text)}
            for axis, prefix in _AXES.items()
        },
    }


def _layout() -> dict[str, Any]:
    """How tables are written: as the C text of a build is, and as the engine's header says."""
    header = next(x.content for x in BACKEND.emit(policy("webfarm")) if x.path == HEADER).decode()
    structs = dict(re.findall(r"^struct cellpolicy_(\w+) \{\n(.*?)^\};", header, re.M | re.S))
    numbers = re.findall(r"\tuint32_t\t(\w+);", structs["numbers"])
    arrays = re.findall(r"\tconst (?:struct cellpolicy_)?(\w+)\t? ?\*(\w+);", structs["tables"])
    types = {name: _CODES.get(kind) or _record(header, structs[kind]) for kind, name in arrays}
    del types["hash"]
    text = re.sub(r"\t?/\*.*?\*/", "", _built("10.1", _EVERY)[TABLES_C].decode(), flags=re.S)
    rows, order = dict[str, str](), list[str]()

    def array(match: re.Match[str]) -> str:
        head, name, body = match.groups()
        row = re.sub(r"\b\d+\b", "%d", re.sub(r"0x\w+", "%#x", body.split("\n")[0]))
        rows[name] = row if "{" in row or "#" in row else "%d,"
        order.append(name)
        return f"{head}%s"

    frame = re.sub(
        r"(static const [^\n]*?(\w+)\[\][^\n]* = \{)\n(.*?)\n(?=\};)", array, text, flags=re.S
    )
    frame = re.sub(r'(?<=\.hash = ").*(?=")', "%s", re.sub(r"= \d+,", "= %d,", frame))
    assert {*order} == {*types}
    codes = ["I", *(types[name] for name in order)]
    assert order.pop() == "strings"
    del rows["strings"]
    lines = [line for line in frame.replace("{%s\n", "{%s").split("\n") if line]
    return {
        "numbers": [_COUNT.get(name, name) for name in numbers],
        "codes": codes,
        "rows": rows,
        "text": lines,
    }


def _record(header: str, members: str) -> str:
    """The codes of the numbers of a struct, whose arrays have sizes that the header defines."""
    sizes = dict(re.findall(r"#define\tCELLPOLICY_(\w+)\t+(\d+)u?\b", header))
    positions = len(_arrays(c_files()["10.1"])[1])
    sizes["ROW"] = str(-(-(positions + 6) // 16))
    found = ""
    for kind, size in re.findall(r"\t(uint\d+_t)\t+\w+(?:\[CELLPOLICY_(.*?)\])?;", members):
        name, _, more = size.partition(" + ")
        found += _CODES[kind] * (int(sizes[name]) + int(more or 0) if size else 1)
    return found
