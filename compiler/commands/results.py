"""What was found in policies, kept for the next check: in memory, and in a cache on disk."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from compiler import cache, files
from compiler.cache import Cache
from compiler.diagnostics import Diagnostic, Related
from compiler.files import Notes
from compiler.lint.settings import Settings
from compiler.record import NamedTuple
from compiler.source import LaterSource, Source, Span


class Result(NamedTuple):
    """What was found in one policy, and its sources by name."""

    diagnostics: Sequence[Diagnostic]
    sources: Mapping[str, Source]


class Results:
    """Results of checking policies, each taken again while all it was made from is the same."""

    def __init__(self, kept: Cache | None, today: datetime.date) -> None:
        self._kept = kept
        self._today = today
        self._about = (cache.tool(), _here(), today.isoformat()) if kept else ()
        self._memory: dict[tuple[Path, str, bool], tuple[Notes, Result]] = {}
        self._settings: Settings | None = None
        self._said = ""
        """What the settings say that were asked about last: mostly those of the next policy."""

    def of(self, policy: Path, root: Path, settings: Settings, part: bool = False) -> Result:
        """What is found in a policy below a policy root, or in a part of one by itself."""
        if settings is not self._settings:
            self._settings, self._said = settings, repr(settings)
        wanted = policy, self._said, part
        if wanted in self._memory:
            notes, result = self._memory[wanted]
            if notes.hold():
                return result
        kind = "part" if part else "policy"
        name = cache.name_of(kind, *self._about, str(policy), self._said)
        before = self._read(name, root)
        if before is not None:
            self._memory[wanted] = before
            return before[1]
        with Notes() as notes:
            result = _part(policy) if part else self._check(policy, settings)
        if not notes.torn:
            self._memory[wanted] = notes, result
            if self._kept:
                self._kept.keep(name, [cache.from_notes(notes), _written(result)])
        return result

    def _check(self, policy: Path, settings: Settings) -> Result:
        from compiler.driver import compile_policy
        from compiler.lint.run import lint

        compilation = compile_policy(policy, self._today)
        report = lint(compilation, settings, self._today)
        return Result(report.diagnostics, compilation.sources)

    def _read(self, name: str, root: Path) -> tuple[Notes, Result] | None:
        fields = self._kept.fields(name) if self._kept else None
        if fields is None:
            return None
        notes = cache.to_notes(fields[0])
        return (notes, _result(fields[1], root)) if notes.hold() else None


def _part(path: Path) -> Result:
    from compiler.driver import read_part

    part = read_part(path)
    return Result(part.diagnostics, part.sources)


def _here() -> str:
    """What relative paths are relative to."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def _written(result: Result) -> bytes:
    found = [
        (d.code, d.severity, d.message, d.span, d.help, [(r.span, r.message) for r in d.related])
        for d in result.diagnostics
    ]
    return json.dumps([found, list(result.sources)]).encode()


def _result(data: bytes, root: Path) -> Result:
    """What `_written` made bytes of; sources are read again if need be."""
    found, names = json.loads(data)
    sources = {name: LaterSource(name, partial(_text, name, root)) for name in names}
    return Result([_diagnostic(*row) for row in found], sources)


def _diagnostic(
    code: str, severity: Any, message: str, span: Any, help: str, related: Sequence[Any]
) -> Diagnostic:
    others = tuple(Related(Span(*place), words) for place, words in related)
    return Diagnostic(code, severity, message, span and Span(*span), help, others)


def _text(name: str, root: Path) -> str:
    from compiler.names.shipped import is_shipped, shipped_source

    if is_shipped(name):
        return shipped_source(name).text
    return files.read(str(root / name)).decode("utf-8-sig")
