"""Rows of the ledger and the source map that are taken over from the build before."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from compiler import sourcemap
from compiler.driver import Program
from compiler.ledger.finding import Entry
from compiler.ledger.output import Content, rows, written
from compiler.rebuild.change import Change, Shift
from compiler.rebuild.kept import KeptCell
from compiler.record import NamedTuple
from compiler.source import Source

#: How the row of a cell's block begins.
_CELL = re.compile(
    r'\{"file": (?P<file>"[^"\\]*(?:\\.[^"\\]*)*"), "line": (?P<line>\d+),'
    r' "column": (?P<column>\d+), "kind": "cell", '
)
_STATUS = re.compile(r'"status": "([a-z ]+)"')


class Before(NamedTuple):
    """The ledger of the build before, and the policy that it is about."""

    counts: Mapping[str, int]
    rows: Sequence[str]
    sources: Mapping[str, Source]
    cells: Mapping[str, KeptCell]


def ledger(
    program: Program,
    sources: Mapping[str, Source],
    backends: Sequence[str],
    entries: Sequence[Entry],
    before: Before,
    change: Change,
) -> bytes:
    """`ledger.json` with entries for all statements but those of cells that have not changed."""
    files: dict[str, list[tuple[int, Sequence[str]]]] = {}
    for entry, row in zip(entries, rows(program, sources, entries), strict=True):
        span = entry.statement.span
        files.setdefault(span.file, []).append((span.start, (row,)))
    counts = Counter(before.counts)
    for name, run in _runs(before):
        if name in change.cells or not name:
            counts.subtract(match[1] for row in run if (match := _STATUS.search(row)))
            continue
        span = change.moved(before.cells[name].span)
        shift = change.shifts.get(span.file)
        ours = run if shift is None else _moved(run, span.file, shift)
        files.setdefault(span.file, []).append((span.start, ours))
    counts.update(entry.finding.status for entry in entries)
    ordered = chain.from_iterable(
        sorted(parts, key=itemgetter(0)) for _, parts in sorted(files.items())
    )
    made = chain.from_iterable(run for _, run in ordered)
    return written(program, backends, Content(counts, made))


def _runs(before: Before) -> Iterable[tuple[str, Sequence[str]]]:
    """The rows of each cell, and under no name those of what stands in none."""
    places: dict[tuple[str | Any, ...], str] = {}
    for name, cell in before.cells.items():
        line, column = before.sources[cell.file].position(cell.start)
        places[json.dumps(cell.file), str(line), str(column)] = name
    others = []
    number = 0
    while number < len(before.rows):
        row = before.rows[number]
        match = _CELL.match(row) if '"kind": "cell"' in row else None
        name = places.get(match.groups(), "") if match is not None else ""
        if name:
            after = number + before.cells[name].statements
            yield name, before.rows[number:after]
            number = after
        else:
            others.append(row)
            number += 1
    yield "", others


def source_map(
    program: Program, sources: Mapping[str, Source], before: bytes, change: Change
) -> bytes:
    """`policy.map.json` with the rows of a file before about rules that have not changed."""
    kept: Sequence[str] = sourcemap.read(before)
    for name in change.cells:
        scope = f'"scope": {json.dumps(f"cell {name}")}, "imports": '
        kept = [row for row in kept if scope not in row]
    for file, shift in change.shifts.items():
        kept = _moved(kept, file, shift)
    changed = {f"cell {name}" for name in change.cells}
    fresh = [index for index, scope in enumerate(program.scopes) if scope in changed]
    rows = sourcemap.rows(program, sources, fresh)
    return sourcemap.written(program.ir.policy, [*kept, *rows])


def _moved(run: Sequence[str], file: str, shift: Shift) -> Sequence[str]:
    """Rows with the lines at which things stand now."""
    if not shift.lines:
        return run
    name = json.dumps(file)

    def line(match: re.Match[str]) -> str:
        number = int(match[1])
        if number > shift.line:
            number += shift.lines
        return f'"file": {name}, "line": {number}'

    pattern = re.compile(rf'"file": {re.escape(name)}, "line": (\d+)')
    return [pattern.sub(line, row) for row in run]
