"""Makes `policy.cert.json`: every class of requests, and what decides it in the tables.

docs/certificate.md describes it; checker/checker.py checks it and shares no code with this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from compiler.certificate.classes import Answer, Ask, Classes, Row
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST, IR, Cell, Effect, Request, RequestSet
from compiler.ir.requests import catalogue, words_of

FORMAT = "cellc-certificate"
VERSION = 1

Decide = Callable[[Request], tuple[Effect, int]]
"""What tables decide: a vote, and the id of the rule or 0."""

_line = json.JSONEncoder(separators=(", ", ": ")).encode


def certificate(
    ir: IR, decide: Decide, unowned: Decide, files: Mapping[str, bytes], origin: Mapping[str, Any]
) -> str:
    """The text of the certificate.

    `decide` asks the emitted tables, `unowned` the same tables as if no cell listened on a
    port; `files` are what it certifies, by path; `origin` says what they were made from.
    """
    maker = _Maker(ir, decide, unowned)
    classes = maker.classes()
    head = {
        "format": FORMAT,
        "version": VERSION,
        "policy": ir.policy,
        "target": ir.target,
        **origin,
        "files": {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)},
    }
    lists: dict[str, Iterable[str]] = {
        "actions": [_line([x.name, x.column, x.dimension]) for x in catalogue(ir).leaves],
        "classes": [_group({"cells": cells}, rows) for cells, rows in classes],
        "owned": [_group({"cell": cell}, rows) for cell, rows in maker.owned()],
        "host": maker.host(),
        "reserved": [
            _line([r.cell, r.protocol, r.ports, f"{ir.rules[r.rule].id:08x}"])
            for r in ir.reservations
        ],
        "action_sets": map(_line, maker.action_sets),
    }
    parts = [f' "{key}": {_line(value)}' for key, value in head.items()]
    parts += [f' "{key}": {_list(rows, 1)}' for key, rows in lists.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


class _Maker:
    def __init__(self, ir: IR, decide: Decide, unowned: Decide) -> None:
        self._ir = ir
        rules = ir.rules
        explicit = [
            replace(layer, rules=tuple(i for i in layer.rules if not rules[i].listen))
            for layer in ir.layers
        ]
        bare = replace(ir, layers=tuple(explicit), reservations=())
        self._bare = bare
        self._words = words_of(rule.requests for rule in rules)
        self._ask_bare = _both(bare, unowned)
        self._ask = _both(ir, decide)
        self.action_sets: dict[tuple[str, ...], int] = {}

    def classes(self) -> list[tuple[list[str], list[str]]]:
        """Cells that decide alike, the ports they listen on aside, and the rows of each."""
        groups: dict[tuple[object, ...], list[Cell]] = {}
        for cell in self._bare.cells:
            layers = tuple(self._bare.layers[i].rules for i in cell.layers)
            verdicts = self._bare.classes[cell.class_].verdicts
            sets = [*self._sets(self._bare, cell), *(v.requests for v in verdicts)]
            named = any(r.to is not None and cell.name in r.to.members for r in sets)
            key = (layers, cell.class_, cell.name if named else "")
            groups.setdefault(key, []).append(cell)
        made = []
        for cells in groups.values():
            first = cells[0]
            rows = self._rows(first.name, self._sets(self._bare, first), self._ask_bare)
            made.append(([cell.name for cell in cells], rows))
        return made

    def owned(self) -> Iterable[tuple[str, list[str]]]:
        """What decides at the ports that a cell listens on."""
        for cell in self._ir.cells:
            if cell.owned:
                yield cell.name, self._rows(cell.name, self._sets(self._ir, cell), self._ask, True)

    def host(self) -> list[str]:
        """What processes outside cells get, those of root aside."""
        return self._rows(HOST, [], self._ask_bare)

    def _sets(self, ir: IR, cell: Cell) -> list[RequestSet]:
        return [ir.rules[i].requests for layer in cell.layers for i in ir.layers[layer].rules]

    def _rows(
        self, subject: str, sets: list[RequestSet], ask: Ask, own_ports: bool = False
    ) -> list[str]:
        classes = Classes(self._ir, subject, sets, self._words, ask)
        rows = self._at_own_ports(subject, classes) if own_ports else classes.rows()
        return [self._row(row) for row in rows]

    def _at_own_ports(self, subject: str, classes: Classes) -> Iterable[Row]:
        own = [(r.protocol, low, high) for r in self._ir.reservations if r.cell == subject
               for low, high in r.ports]  # fmt: skip
        return classes.at_ports(own)

    def _row(self, row: Row) -> str:
        answer = row.answer
        members: dict[str, Any] = {
            "verdict": answer.verdict,
            "rule": _id(answer.rule),
            "tables": [answer.tables[0], _id(answer.tables[1])],
            "actions": self.action_sets.setdefault(row.actions, len(self.action_sets)),
        }
        if row.to is not None:
            members["to"] = {"exclude": row.to.exclude, "members": row.to.members}
        for name in ("protocols", "ports", "domains", "types", "socket_protocols"):
            value = getattr(row, name)
            if value is not None:
                members[name] = value
        return _line(members)


def _both(ir: IR, decide: Decide) -> Ask:
    """Asks the reference evaluator and the tables."""
    evaluator = Evaluator(ir)

    def ask(request: Request) -> Answer:
        decision = evaluator.decide(request)
        rule = 0 if decision.rule is None else ir.rules[decision.rule].id
        return Answer(decision.effect, rule, decide(request))

    return ask


def _id(rule: int) -> str | None:
    return f"{rule:08x}" if rule else None


def _group(head: dict[str, Any], rows: list[str]) -> str:
    return f'{_line(head)[:-1]}, "requests": {_list(rows, 2)}}}'


def _list(rows: Iterable[str], depth: int) -> str:
    indent = "\n" + " " * depth
    body = f",{indent} ".join(rows)
    return f"[{indent} {body}{indent}]" if body else "[]"
