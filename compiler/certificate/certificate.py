"""Makes `policy.cert.json`: every class of requests, and what decides it in the tables.

docs/certificate.md describes it; checker/checker.py checks it and shares no code with this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from compiler.certificate.classes import SOCKETS, Numbering, Space
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST, IR, Cell, Effect, Request, RequestSet
from compiler.ir.requests import catalogue
from compiler.record import changed

FORMAT = "cellc-certificate"
VERSION = 3

Decide = Callable[[Request], tuple[Effect, int]]
"""What tables decide: a vote, and the id of the rule or 0."""

_line = json.JSONEncoder(separators=(", ", ": ")).encode


def certificate(
    ir: IR,
    numbering: Numbering,
    decide: Decide,
    unowned: Decide,
    files: Mapping[str, bytes],
    origin: Mapping[str, Any],
) -> str:
    """The text of the certificate.

    `decide` asks the emitted tables, `unowned` the same tables as if no cell listened on a
    port; `files` are what it certifies, by path; `origin` says what they were made from.
    """
    maker = _Maker(ir, numbering, decide, unowned)
    head = {
        "format": FORMAT,
        "version": VERSION,
        "policy": ir.policy,
        "target": ir.target,
        **origin,
        "files": {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)},
        "processes": numbering.processes,
        **dict(zip(SOCKETS, numbering.axes, strict=True)),
    }
    lists = {
        "actions": [
            _line([x.name, numbering.places.get(x.name, 0), x.dimension])
            for x in catalogue(ir).leaves
        ],
        "reserved": [
            _line({"cell": r.cell, "protocol": r.protocol, "ports": r.ports, "rule": r.rule})
            for r in ir.reservations
        ],
        "classes": list(maker.classes()),
        "owned": list(maker.owned()),
    }
    parts = [f' "{key}": {_line(value)}' for key, value in head.items()]
    parts += [f' "{key}": {_list(rows, 1)}' for key, rows in lists.items()]
    parts.append(f' "host": {maker.host()}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


class _Maker:
    def __init__(self, ir: IR, numbering: Numbering, decide: Decide, unowned: Decide) -> None:
        self._ir = ir
        self._numbering = numbering
        self._listens = [rule.listen for rule in ir.rules]
        explicit = [
            changed(layer, rules=tuple(i for i in layer.rules if not self._listens[i]))
            for layer in ir.layers
        ]
        self._bare = changed(ir, layers=tuple(explicit), reservations=())
        self._cells = sorted(ir.cells, key=lambda cell: cell.id)
        self._ask_bare = _both(self._bare, unowned)
        self._ask = _both(ir, decide)

    def classes(self) -> Iterable[str]:
        """Cells that decide alike, the ports they listen on aside, and the classes of each."""
        groups: dict[tuple[object, ...], list[Cell]] = {}
        for cell in self._cells:
            layers = tuple(self._bare.layers[i].rules for i in cell.layers)
            groups.setdefault((layers, cell.class_, self._named(cell)), []).append(cell)
        for cells in groups.values():
            sets = self._sets(self._bare, cells[0])
            # Folding names cells that no rule does: "all but those" may be a shorter list.
            rows = (row.requests for row in self._ir.classes[cells[0].class_].verdicts)
            naming = [requests for requests in rows if requests.to is not None]
            space = Space(self._numbering, cells[0].name, [*sets, *naming])
            names = [cell.name for cell in cells]
            yield self._group(names, space, space.classes(sets, space.all), self._ask_bare)

    def owned(self) -> Iterable[str]:
        """What decides at the ports that a cell listens on."""
        for cell in self._cells:
            if cell.owned:
                sets = self._sets(self._ir, cell)
                own = [
                    self._ir.rules[i].requests
                    for layer in cell.layers
                    for i in self._ir.layers[layer].rules
                    if self._listens[i]
                ]
                sets = [r for r in sets if self._numbering.covered(r.actions).bind]
                space = Space(self._numbering, cell.name, sets)
                bits = 0
                for listen in own:
                    bits |= space.mask(listen)
                yield self._group([cell.name], space, space.classes(sets, bits), self._ask)

    def host(self) -> str:
        """What processes outside cells get, those of root aside."""
        space = Space(self._numbering, HOST, [])
        return self._group([HOST], space, space.classes([], space.all), self._ask_bare)

    def _named(self, cell: Cell) -> str:
        """The name of a cell if its own rules are about it by name."""
        rows = self._ir.classes[cell.class_].verdicts
        sets = [*self._sets(self._bare, cell), *(row.requests for row in rows)]
        named = any(r.to is not None and cell.name in r.to.members for r in sets)
        return cell.name if named else ""

    def _sets(self, ir: IR, cell: Cell) -> list[RequestSet]:
        return [ir.rules[i].requests for layer in cell.layers for i in ir.layers[layer].rules]

    def _group(self, cells: list[str], space: Space, classes: Sequence[int], ask: Ask) -> str:
        head = {"cells": cells, "targets": space.targets, "ports": space.ports}
        rows = [f'{ask(space.member(bits))}, "bits": "{bits:x}"}}' for bits in classes]
        return f'{_line(head)[:-1]}, "requests": {_list(rows, 2)}}}'


Ask = Callable[[Request], str]


def _both(ir: IR, decide: Decide) -> Ask:
    """Asks the reference evaluator and the tables; the first members of a row."""
    evaluator = Evaluator(ir)

    def ask(request: Request) -> str:
        decision = evaluator.decide(request)
        rule = 0 if decision.rule is None else ir.rules[decision.rule].id
        effect, by = decide(request)
        said, read = _quoted(rule), _quoted(by)
        return f'{{"verdict": "{decision.effect}", "rule": {said}, "tables": ["{effect}", {read}]'

    return ask


def _quoted(rule: int) -> str:
    return f'"{rule:08x}"' if rule else "null"


def _list(rows: Iterable[str], depth: int) -> str:
    indent = "\n" + " " * depth
    body = f",{indent} ".join(rows)
    return f"[{indent} {body}{indent}]" if body else "[]"
