"""The IR of a text that is known to be cellc's own: nothing in it is checked again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from compiler.ir.ir import (
    IR,
    Cell,
    CellClass,
    Effect,
    ExecHash,
    Hook,
    HostSettings,
    Layer,
    Limit,
    Log,
    Mount,
    Peers,
    Provider,
    RequestSet,
    Reservation,
    Restart,
    Rule,
    Service,
    SysctlSetting,
    Verdict,
)
from compiler.record import NamedTuple

#: The lists of an IR, which come after all else.
_LISTS = ("action_sets", "rules", "layers", "classes", "cells", "reservations", "retired")
_CLASS = '{"verdicts": ['
_VERDICT = '{"effect": "'
_OWNED = ', "owned": ['
_EFFECTS: Mapping[str, Effect] = {"deny": "deny", "allow": "allow", "grant": "grant"}


class Reread(NamedTuple):
    """An IR, and how its parts are written."""

    ir: IR
    rows: Mapping[int, str]
    """The lines of rules, classes and cells, by the identity of these."""


def reread(content: bytes) -> Reread:
    """The IR that `to_json` wrote, with equal sets of requests as one object."""
    lists = {name: _rows(content, name) for name in _LISTS}
    document: dict[str, Any] = json.loads(content[: content.index(_opening(_LISTS[0]))] + b"}")
    reader = _Reader()
    host = document["host"]
    ir = IR(
        policy=document["policy"],
        target=document["target"],
        permissive=document["permissive"],
        action_sets=tuple([tuple(names) for names in _all(lists["action_sets"])]),
        rules=reader.rules(lists["rules"]),
        layers=tuple(
            [Layer(x["kind"], x["name"], tuple(x["rules"])) for x in _all(lists["layers"])]
        ),
        cells=reader.cells(lists["cells"]),
        classes=tuple([reader.class_(row) for row in lists["classes"]]),
        reservations=tuple(
            [
                Reservation(x["cell"], x["protocol"], _ranges(x["ports"]), x["rule"])
                for x in _all(lists["reservations"])
            ]
        ),
        retired=tuple([(name, number) for name, number in _all(lists["retired"])]),
        host=HostSettings(
            host["securelevel"], tuple([SysctlSetting(**node) for node in host["sysctls"]])
        ),
        version=document["version"],
    )
    return Reread(ir, reader.rows)


def _opening(name: str) -> bytes:
    return f',\n "{name}": ['.encode()


def _rows(content: bytes, name: str) -> list[str]:
    """The rows of a list of the IR."""
    begin = content.index(_opening(name)) + len(_opening(name))
    if content.startswith(b"]", begin):
        return []
    body = memoryview(content)[begin + len("\n  ") : content.index(b"\n ]", begin)]
    return str(body, "utf-8").split(",\n  ")


class _Reader:
    def __init__(self) -> None:
        self.rows: dict[int, str] = {}
        self._known: dict[str, RequestSet] = {}
        """By how they are written."""

    def rules(self, rows: list[str]) -> tuple[Rule, ...]:
        parts = [row[7:-1].split(", ", 1) for row in rows]
        known = {rest: rest.split(", ", 3) for rest in {rest for _, rest in parts}}
        texts = list(dict.fromkeys([requests for *_, requests in known.values()]))
        read = _all([f"{{{requests}}}" for requests in texts])
        self._known.update(zip(texts, map(_requests, read), strict=True))
        fields = {
            rest: (
                _EFFECTS[effect[11:-1]],
                final[9:] == "true",
                listen[10:] == "true",
                self._known[requests],
            )
            for rest, (effect, final, listen, requests) in known.items()
        }
        made = [Rule(int(number), *fields[rest]) for number, rest in parts]
        self.rows.update(zip(map(id, made), rows, strict=True))
        return tuple(made)

    def class_(self, row: str) -> CellClass:
        made = CellClass(self._verdicts(row.removeprefix(_CLASS)[:-2]))
        self.rows[id(made)] = row
        return made

    def _verdicts(self, rows: str) -> tuple[Verdict, ...]:
        """Rows as they stand between brackets; no name or word in them has quotes."""
        made = []
        for row in rows.removeprefix(_VERDICT)[:-1].split("}, " + _VERDICT) if rows else ():
            effect, _, rest = row.partition('", "rule": ')
            rule, _, requests = rest.partition(", ")
            known = self._known.get(requests)
            if known is None:
                known = self._known[requests] = _requests(json.loads(f"{{{requests}}}"))
            made.append(Verdict(_EFFECTS[effect], int(rule), known))
        return tuple(made)

    def cells(self, rows: list[str]) -> tuple[Cell, ...]:
        parts = [row.rpartition(_OWNED) for row in rows]
        made = [
            _cell(*fields.values(), owned=self._verdicts(owned[:-2]))
            for fields, (_, _, owned) in zip(
                _all([plain + "}" for plain, _, _ in parts]), parts, strict=True
            )
        ]
        self.rows.update(zip(map(id, made), rows, strict=True))
        return tuple(made)


def _requests(row: dict[str, Any]) -> RequestSet:
    to, ports = row.pop("to", None), row.pop("ports", None)
    words = {key: tuple(value) for key, value in row.items() if key != "actions"}
    return RequestSet(
        row["actions"],
        to and Peers(to["exclude"], tuple(to["members"])),
        ports=None if ports is None else _ranges(ports),
        **words,
    )


def _cell(
    name: str,
    id: int,
    permissive: bool,
    layers: list[int],
    class_: int,
    root: str | None,
    base: str | None,
    user: str | None,
    group: str | None,
    groups: list[str],
    mounts: list[dict[str, Any]],
    exec_readonly: bool,
    exec_hashes: list[dict[str, Any]],
    devices: list[str],
    hooks: list[dict[str, Any]],
    limits: list[dict[str, Any]],
    processes: int | None,
    service: dict[str, Any] | None,
    *,
    owned: tuple[Verdict, ...],
) -> Cell:
    """A cell from its members, in the order in which they are written."""
    return Cell(
        name,
        id,
        permissive,
        tuple(layers),
        class_,
        owned,
        root,
        base,
        user,
        group,
        tuple(groups),
        tuple([Mount(*x.values()) for x in mounts]) if mounts else (),
        exec_readonly,
        tuple([ExecHash(*x.values()) for x in exec_hashes]) if exec_hashes else (),
        tuple(devices),
        tuple([Hook(x["when"], tuple(x["argv"])) for x in hooks]) if hooks else (),
        tuple([Limit(*x.values()) for x in limits]) if limits else (),
        processes,
        None if service is None else _service(*service.values()),
    )


def _service(
    command: list[str],
    require: list[dict[str, Any]],
    before: list[dict[str, Any]],
    env: list[list[str]],
    log: dict[str, Any] | None,
    restart: dict[str, Any] | None,
    healthcheck: list[str],
    manual: bool,
) -> Service:
    return Service(
        tuple(command),
        tuple([Provider(*x.values()) for x in require]) if require else (),
        tuple([Provider(*x.values()) for x in before]) if before else (),
        tuple([(name, value) for name, value in env]) if env else (),
        None if log is None else Log(*log.values()),
        None if restart is None else Restart(*restart.values()),
        tuple(healthcheck),
        manual,
    )


def _all(rows: list[str]) -> list[Any]:
    """The values of rows: of all at once, as that is much quicker."""
    values: list[Any] = json.loads(f"[{','.join(rows)}]")
    return values


def _ranges(ports: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple([(low, high) for low, high in ports])
