"""The IR of a text that is known to be cellc's own: nothing in it is checked again."""

from __future__ import annotations

import json
from typing import Any

from compiler.ir.ir import (
    IR,
    Cell,
    CellClass,
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


def reread(content: bytes) -> IR:
    """The IR that `to_json` wrote, with equal sets of requests as one object."""
    document: dict[str, Any] = json.loads(content)
    reader = _Reader()
    host = document["host"]
    return IR(
        policy=document["policy"],
        target=document["target"],
        permissive=document["permissive"],
        action_sets=tuple([tuple(names) for names in document["action_sets"]]),
        rules=tuple([reader.rule(row) for row in document["rules"]]),
        layers=tuple([Layer(x["kind"], x["name"], tuple(x["rules"])) for x in document["layers"]]),
        cells=tuple([reader.cell(row) for row in document["cells"]]),
        classes=tuple([CellClass(reader.verdicts(x["verdicts"])) for x in document["classes"]]),
        reservations=tuple(
            [
                Reservation(x["cell"], x["protocol"], _ranges(x["ports"]), x["rule"])
                for x in document["reservations"]
            ]
        ),
        retired=tuple([(name, number) for name, number in document["retired"]]),
        host=HostSettings(
            host["securelevel"], tuple([SysctlSetting(**node) for node in host["sysctls"]])
        ),
        version=document["version"],
    )


class _Reader:
    def __init__(self) -> None:
        self._plain: dict[int, RequestSet] = {}
        """Sets that no condition narrows, by their actions."""
        self._known: dict[RequestSet, RequestSet] = {}

    def rule(self, row: dict[str, Any]) -> Rule:
        return Rule(row["id"], row["effect"], row["final"], row["listen"], self._requests(row, 5))

    def verdicts(self, rows: list[dict[str, Any]]) -> tuple[Verdict, ...]:
        return tuple([Verdict(x["effect"], x["rule"], self._requests(x, 3)) for x in rows])

    def _requests(self, row: dict[str, Any], plain: int) -> RequestSet:
        """The set of a row, which has so many members when there are no conditions."""
        actions = row["actions"]
        if len(row) == plain:
            known = self._plain.get(actions)
            if known is None:
                known = self._plain[actions] = RequestSet(actions)
            return known
        to, protocols, ports = row.get("to"), row.get("protocols"), row.get("ports")
        made = RequestSet(
            actions,
            to and Peers(to["exclude"], tuple(to["members"])),
            _words(protocols),
            None if ports is None else _ranges(ports),
            _words(row.get("domains")),
            _words(row.get("types")),
            _words(row.get("socket_protocols")),
        )
        return self._known.setdefault(made, made)

    def cell(self, row: dict[str, Any]) -> Cell:
        service = row["service"]
        return Cell(
            name=row["name"],
            id=row["id"],
            permissive=row["permissive"],
            layers=tuple(row["layers"]),
            class_=row["class_"],
            owned=self.verdicts(row["owned"]),
            root=row["root"],
            base=row["base"],
            user=row["user"],
            group=row["group"],
            groups=tuple(row["groups"]),
            mounts=tuple([Mount(**x) for x in row["mounts"]]),
            exec_readonly=row["exec_readonly"],
            exec_hashes=tuple([ExecHash(**x) for x in row["exec_hashes"]]),
            devices=tuple(row["devices"]),
            hooks=tuple([Hook(x["when"], tuple(x["argv"])) for x in row["hooks"]]),
            limits=tuple([Limit(x["name"], x["value"]) for x in row["limits"]]),
            processes=row["processes"],
            service=None if service is None else _service(service),
        )


def _service(row: dict[str, Any]) -> Service:
    log, restart = row["log"], row["restart"]
    return Service(
        command=tuple(row["command"]),
        require=tuple([Provider(**x) for x in row["require"]]),
        before=tuple([Provider(**x) for x in row["before"]]),
        env=tuple([(name, value) for name, value in row["env"]]),
        log=None if log is None else Log(**log),
        restart=None if restart is None else Restart(**restart),
        healthcheck=tuple(row["healthcheck"]),
        manual=row["manual"],
    )


def _words(words: list[str] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(words)


def _ranges(ports: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple([(low, high) for low, high in ports])
