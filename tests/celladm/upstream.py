"""Upstream's side of the tests: its decisions, and how its celladm(8) reads manifests.

Written from tests/data/upstream-profiles.json and the script itself, apart from what
the compiler knows of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from compiler.catalogue.actions import Leaf
from compiler.ir.ir import Request

_DATA = json.loads((Path(__file__).parents[1] / "data/upstream-profiles.json").read_text())
_BLANKS = " \t\v\f\r\n"


def denies(
    profile: str, leaf: Leaf, request: Request, reserved: Mapping[str, Collection[int]]
) -> bool:
    """Whether the kernel denies a request of a cell; `reserved` are the ports of each cell."""
    entry: dict[str, Any] = _DATA[profile].get(leaf.scope, {}).get(leaf.c_action, {})
    word = entry.get("decision", "defer")
    requests = entry.get("reqs", {})
    if isinstance(requests, dict):
        word = requests.get(leaf.c_request, word)
    if word == "deny_other_cell":
        return request.target != request.subject
    if word == "deny_if_port_reserved_by_other_cell":
        owners = [name for name, ports in reserved.items() if request.port in ports]
        return bool(owners) and request.subject not in owners
    if word.startswith("deny_if_domain_in"):
        return request.domain in ("route", "oroute")
    return bool(word == "deny")


def read(text: str, defaults: str = "") -> dict[str, Any]:
    """What celladm makes of a manifest and hands to others, defaults included."""
    cell: dict[str, Any] = {"local_dev": "yes"}
    inherited = dict(_pairs(defaults))
    if inherited.get("local_dev") in ("yes", "no"):
        cell["local_dev"] = inherited["local_dev"]
    mounts = []
    for key, value in _pairs(text):
        if key == "mount":
            mounts.append(tuple(value.split()))
        else:
            cell[key] = value
    cell = {key: value for key, value in cell.items() if value}
    cell.setdefault("root_base", inherited.get("root_base", ""))
    require = _providers(cell.pop("require", "")) + _providers(cell.pop("after", ""))
    return {
        "profile": "high",
        "log_facility": "daemon",
        "log_tag": "cellctl",
        "log_stdout_level": "notice",
        "log_stderr_level": "err",
        **cell,
        "reserved_ports": sorted(map(int, filter(None, cell.get("reserved_ports", "").split(",")))),
        "mount": mounts,
        "require": require or ["NETWORKING"],
        "before": _providers(cell.get("before", "")),
    }


def _pairs(text: str) -> list[tuple[str, str]]:
    lines = (line.strip(_BLANKS) for line in text.split("\n"))
    split = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return [(key.strip(_BLANKS), value.strip(_BLANKS)) for key, _, value in split]


def _providers(text: str) -> list[str]:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
    return [word for word in text.replace(",", " ").split() if set(word) <= allowed]
