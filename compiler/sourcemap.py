"""Rule ids back to the source: file, line, column, text, and how the rule came there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from compiler.driver import Program
from compiler.lowering.rule_ids import canonical, on_one_line
from compiler.runs import joined, runs_of
from compiler.source import Source, Span

FORMAT = "cellc-map"
VERSION = 1

BETWEEN = ",\n"

_OPENING = ' "rules": {\n'
_CLOSING = "\n }\n}\n"

_quote = json.encoder.encode_basestring_ascii


def hex_id(rule: int) -> str:
    """A rule id as the kernel prints it."""
    return f"{rule:08x}"


def place(span: Span, sources: Mapping[str, Source]) -> dict[str, Any]:
    """File, line, column (from 1) and text of a rule."""
    source = sources[span.file]
    line, column = source.position(span.start)
    text = on_one_line(source.text[span.start : span.end])
    return {"file": span.file, "line": line, "column": column, "text": text}


def rule_names(program: Program, sources: Mapping[str, Source]) -> list[tuple[str, str]]:
    """What the rules of the IR stand in and say: the same in a file of another name."""
    return [
        (scope, canonical(sources[span.file].text[span.start : span.end]))
        for span, scope in zip(program.spans, program.scopes, strict=True)
    ]


def source_map(program: Program, sources: Mapping[str, Source]) -> bytes:
    """`policy.map.json`: every rule id of the IR with its place, scope and imports."""
    made = rows(program, sources, range(len(program.ir.rules)))
    return written(program.ir.policy, runs_of(made, BETWEEN))


def rows(program: Program, sources: Mapping[str, Source], rules: Iterable[int]) -> Iterator[str]:
    """The rows about some rules of the IR, given by index: one for each id, in their order."""
    writer = _Rows(program, sources)
    spans, scopes = program.spans, program.scopes
    numbers = {program.ir.rules[index].id: index for index in rules if scopes[index]}
    for rule in sorted(numbers):
        index = numbers[rule]
        yield writer.row(rule, spans[index], scopes[index])


def written(policy: str, runs: Iterable[bytes | memoryview]) -> bytes:
    """The file with some runs of rows, in the order of their ids and with BETWEEN in between."""
    head = f' "format": "{FORMAT}",\n "version": {VERSION},\n "policy": "{policy}",\n'
    some = iter(runs)
    first = next(some, b"")
    if not first:
        return f'{{\n{head} "rules": {{}}\n}}\n'.encode()
    return joined(f"{{\n{head}{_OPENING}", chain((first,), some), BETWEEN, _CLOSING)


def read(content: bytes) -> memoryview:
    """The rows of a file that cellc has written."""
    opening = content.find(_OPENING.encode())
    if opening < 0:
        return memoryview(b"")
    return memoryview(content)[opening + len(_OPENING) : len(content) - len(_CLOSING)]


def before_line(file: str) -> str:
    """What stands before the number of a line of a file, in rows of the map and of the ledger."""
    return f'"file": {_quote(file)}, "line": '


def with_lines(rows: bytes | memoryview, file: str, moved: Callable[[int], int]) -> bytes:
    """Rows of the map or of the ledger, with other lines for what stands in a file."""
    before = before_line(file).encode()

    def line(match: re.Match[bytes]) -> bytes:
        return b"%s%d" % (before, moved(int(match[1])))

    return re.sub(re.escape(before) + b"([0-9]+)", line, rows)


def scope_mark(scope: str) -> str:
    """What only rows about the rules of a scope hold."""
    return f'"scope": {_quote(scope)}, "imports": '


class _Rows:
    """Writes rules; what many of them share is written once."""

    def __init__(self, program: Program, sources: Mapping[str, Source]) -> None:
        self._imports = program.imports
        self._sources = sources
        self._files: dict[str, str] = {}
        self._scopes: dict[tuple[str, str], str] = {}
        self._texts: dict[str, str] = {}

    def row(self, rule: int, span: Span, scope: str) -> str:
        """The line of one rule; lines in the order of ids are in order as texts too."""
        file, start, end = span
        source = self._sources[file]
        line, column = source.position(start)
        written = source.text[start:end]
        text = self._texts.get(written)
        if text is None:
            text = self._texts[written] = _quote(on_one_line(written))
        before = self._files.get(file)
        if before is None:
            before = self._files[file] = before_line(file)
        place = self._scopes.get((file, scope))
        if place is None:
            place = scope_mark(scope) + json.dumps(self._imports.get(file, ()))
            self._scopes[file, scope] = place
        return f'  "{rule:08x}": {{{before}{line}, "column": {column}, "text": {text}, {place}}}'
