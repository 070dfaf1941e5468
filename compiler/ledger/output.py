"""The ledger as `ledger.json`, a statement a line."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compiler.driver import Program
from compiler.ledger.finding import Entry, Finding, Means, Overridden
from compiler.ledger.statements import kind, text
from compiler.pattern import pattern
from compiler.record import NamedTuple
from compiler.runs import joined, runs_of
from compiler.source import Source, Span
from compiler.sourcemap import before_line, hex_id

FORMAT = "cellc-ledger"
VERSION = 1

_OPENING = ' "statements": [\n  '
_BETWEEN = ",\n  "
_CLOSING = "\n ]\n}\n"

#: Stands for all cells where there are several.
EVERY_CELL = "*"

_quote = json.encoder.encode_basestring_ascii
_line = json.JSONEncoder(separators=(", ", ": ")).encode

_STATUS = pattern(rb'"status": "([a-z ]+)"')


def ledger_json(
    program: Program,
    sources: Mapping[str, Source],
    backends: Iterable[str],
    entries: Sequence[Entry],
) -> bytes:
    """`ledger.json`."""
    counts = Counter[str](entry.finding.status for entry in entries)
    runs = runs_of(rows(program, sources, entries), _BETWEEN)
    return written(program, backends, counts, runs)


def rows(
    program: Program, sources: Mapping[str, Source], entries: Iterable[Entry]
) -> Iterator[str]:
    """The entries as they are written, without what stands between them."""
    return map(_Rows(program, sources).row, entries)


def written(
    program: Program,
    backends: Iterable[str],
    counts: Mapping[str, int],
    runs: Iterable[bytes | memoryview],
) -> bytes:
    """The file; `counts` are how many rows have which status, a run is one of them or more."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "policy": program.ir.policy,
        "target": program.ir.target,
        "backends": sorted(backends),
        "count": {status: counts[status] for status in sorted(counts) if counts[status]},
    }
    lines = [f' "{key}": {_line(value)},\n' for key, value in head.items()]
    return joined(f"{{\n{''.join(lines)}{_OPENING}", runs, _BETWEEN, _CLOSING)


class Written(NamedTuple):
    """A file that cellc has written."""

    content: bytes
    counts: Mapping[str, int]
    begin: int
    """Where its rows begin."""
    end: int

    def row(self, file: str, line: int, column: int, start: int) -> int:
        """Where the row about the statement at some place begins, at `start` or later."""
        row = f'{{{before_line(file)}{line}, "column": {column}, '
        return self.content.index(row.encode(), start)

    def after(self, begin: int, rows: int) -> int:
        """Where so many rows end, the first of which begins at `begin`."""
        line = begin
        for _ in range(rows):
            line = self.content.index(b"\n", line) + 1
        end = line - 1
        return end if end == self.end else end - len(",")


def statuses(rows: bytes) -> Counter[str]:
    """How many of some rows have which status."""
    return Counter(match[1].decode() for match in _STATUS.finditer(rows))


def read(content: bytes) -> Written:
    """A file that cellc has written, to take rows from."""
    begin = content.index(_OPENING.encode())
    head = json.loads(content[:begin].removesuffix(b",\n") + b"}")
    return Written(content, head["count"], begin + len(_OPENING), len(content) - len(_CLOSING))


class _Rows:
    """Writes entries; what many of them share is written once."""

    def __init__(self, program: Program, sources: Mapping[str, Source]) -> None:
        self._files = {name: (source, before_line(name)) for name, source in sources.items()}
        self._every = tuple(cell.name for cell in program.ir.cells)
        self._cells: dict[tuple[str, ...], str] = {}
        self._texts: dict[int, str] = {}
        """By the identity of a node: statements of equal text share it."""
        self._findings: dict[int, str] = {}
        """By identity: the entries keep the findings alive."""
        self._program = program

    def row(self, entry: Entry) -> str:
        statement, cells, finding, rule, overridden = entry
        file, start, _ = statement.span
        source, before = self._files[file]
        line, column = source.position(start)
        shown = self._texts.get(id(statement.shared))
        if shown is None:
            shown = f'"kind": "{kind(statement)}", "text": {_quote(text(statement, source))}'
            self._texts[id(statement.shared)] = shown
        found = self._findings.get(id(finding))
        if found is None:
            found = self._findings[id(finding)] = _finding(finding)
        if "*" in found:
            found = _named(found, entry)
        names = self._cells.get(cells) or self._names(cells)
        if rule is not None:
            found = f'"rule": "{rule:08x}", {found}'
        if overridden:
            found += self._overridden(overridden)
        return f'{{{before}{line}, "column": {column}, {shown}, "cells": {names}, {found}}}'

    def _names(self, cells: tuple[str, ...]) -> str:
        """Some cells as they are written."""
        names = self._cells.get(cells)
        if names is None:
            every = len(cells) > 1 and cells == self._every
            names = self._cells[cells] = _line([EVERY_CELL] if every else cells)
        return names

    @functools.cached_property
    def _rule_at(self) -> dict[Span, str]:
        spans, rules = self._program.spans, self._program.ir.rules
        return {span: hex_id(rule.id) for span, rule in zip(spans, rules, strict=True)}

    def _overridden(self, overridden: Overridden) -> str:
        by = _line([self._place(span) for span in overridden.by])
        return f', "overridden": {{"cells": {self._names(overridden.cells)}, "by": {by}}}'

    def _place(self, span: Span) -> dict[str, Any]:
        line, column = self._files[span.file][0].position(span.start)
        rule = self._rule_at.get(span)
        place: dict[str, Any] = {"file": span.file, "line": line, "column": column}
        return place if rule is None else place | {"rule": rule}


def _named(finding: str, entry: Entry) -> str:
    """A finding with the name of the cell in those of artifacts, where it is about one."""
    cells = entry.cells
    if entry.overridden is not None:
        gone = set(entry.overridden.cells)
        cells = tuple(cell for cell in cells if cell not in gone)
    if len(cells) != 1:
        return finding
    (cell,) = cells
    script = cell.replace("-", "_")
    return finding.replace('/cell_*"', f'/cell_{script}"').replace(
        '/signatures/*"', f'/signatures/{cell}"'
    )


def _means(means: Means) -> dict[str, Any]:
    found: dict[str, Any] = {"artifact": means.artifact, "what": means.what}
    return found | {"parts": means.parts} if means.parts else found


def _finding(finding: Finding) -> str:
    """The members of a statement's object that come from its finding."""
    members: dict[str, Any] = {
        "status": finding.status,
        "by": [_means(m) for m in finding.by],
    }
    if finding.why:
        members["why"] = finding.why
    if finding.direction:
        members["direction"] = finding.direction
    if finding.remedy:
        members["remedy"] = finding.remedy
    if finding.notes:
        members["notes"] = finding.notes
    return _line(members)[1:-1]
