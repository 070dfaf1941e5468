"""Repairs policies: applies the edits of rules, each verified before it counts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compiler.diagnostics import Diagnostic
from compiler.driver import Compilation, compile_policy
from compiler.lint.apply import edited, overlapping
from compiler.lint.rule import Edit, Keeps, Rule
from compiler.lint.run import lint
from compiler.lint.settings import Settings

#: A repair can make another one possible; this many rounds are made at most.
MAX_ROUNDS = 50

_Fix = tuple[Rule, Diagnostic, tuple[Edit, ...]]


@dataclass
class Repair:
    """The new texts of files, by the names that sources have, and what became of fixes."""

    texts: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    """What the files held of which there are new texts."""
    fixed: list[Diagnostic] = field(default_factory=list)
    refused: list[tuple[Diagnostic, str]] = field(default_factory=list)
    """Findings whose fix would have changed more than its rule allows, and what."""


def repair(
    path: Path, settings: Settings, today: datetime.date, others: Sequence[Path] = ()
) -> Repair:
    """Repairs what can be repaired in a policy and in the files it imports; writes nothing.

    Fixes are verified for `others`, too, as far as these import the same files.
    """
    return _Repairing(path, settings, today, others).run()


class _Repairing:
    def __init__(
        self, path: Path, settings: Settings, today: datetime.date, others: Sequence[Path]
    ) -> None:
        self._path = path
        self._others = others
        self._settings = settings
        self._today = today
        self._done = Repair()
        self._refused: set[tuple[str, str, tuple[str, ...]]] = set()

    def run(self) -> Repair:
        for _ in range(MAX_ROUNDS):
            compilation = self._compiled(self._done.texts)
            fixes = self._possible(compilation)
            if not fixes:
                break
            if not self._try(compilation, fixes) and fixes[1:]:
                self._one_by_one(compilation, fixes)
        return self._done

    def _compiled(self, texts: Mapping[str, str]) -> Compilation:
        return compile_policy(self._path, self._today, texts=texts)

    def _possible(self, compilation: Compilation) -> list[_Fix]:
        """Fixes of one kind that do not touch each other and were not refused."""
        chosen: list[_Fix] = []
        for fix in lint(compilation, self._settings, self._today).fixes:
            if _key(compilation, fix) in self._refused:
                continue
            if chosen and fix[0].fix != chosen[0][0].fix:
                continue
            if not any(overlapping(fix[2], other[2]) for other in chosen):
                chosen.append(fix)
        return chosen

    def _one_by_one(self, compilation: Compilation, fixes: list[_Fix]) -> None:
        """Tries fixes alone, until one succeeds: then the others have other places."""
        for fix in fixes:
            if self._try(compilation, [fix]):
                break

    def _try(self, compilation: Compilation, fixes: list[_Fix]) -> bool:
        """Applies some fixes at once if nothing speaks against it."""
        from compiler.lint.verify import objection

        assert compilation.program is not None
        texts = self._with(compilation, [edit for fix in fixes for edit in fix[2]])
        keeps = fixes[0][0].fix
        assert keeps is not None
        why = "it would be no policy any more"
        if texts is not None:
            why = objection(compilation.program, self._compiled(texts), keeps)
            changed = {edit.span.file for fix in fixes for edit in fix[2]}
            for path in self._others if not why else ():
                why = why or self._objection_of(path, texts, changed, keeps)
        if not why and texts is not None:
            self._done.texts = texts
            self._done.fixed += [diagnostic for _, diagnostic, _ in fixes]
            return True
        if len(fixes) == 1:
            self._refused.add(_key(compilation, fixes[0]))
            self._done.refused.append((fixes[0][1], why))
        return False

    def _objection_of(
        self, path: Path, texts: Mapping[str, str], changed: set[str], keeps: Keeps
    ) -> str:
        """What speaks against new texts in another policy that imports one of them."""
        from compiler.lint.verify import objection

        before = compile_policy(path, self._today, texts=self._done.texts)
        if before.program is None or before.failed or not changed & before.sources.keys():
            return ""
        after = compile_policy(path, self._today, texts=texts)
        why = objection(before.program, after, keeps)
        return f"in {path}, {why}" if why else ""

    def _with(self, compilation: Compilation, edits: Iterable[Edit]) -> dict[str, str] | None:
        """All texts so far with some more edits, or None if one would not parse."""
        by_file: dict[str, list[Edit]] = {}
        for edit in edits:
            by_file.setdefault(edit.span.file, []).append(edit)
        texts = dict(self._done.texts)
        for name, some in by_file.items():
            text = edited(compilation.sources[name], some)
            if text is None:
                return None
            texts[name] = text
            self._done.before.setdefault(name, compilation.sources[name].text)
        return texts


def _key(compilation: Compilation, fix: _Fix) -> tuple[str, str, tuple[str, ...]]:
    """A fix, wherever it stands after other edits."""
    rule, diagnostic, edits = fix
    sources = compilation.sources
    old = tuple(sources[e.span.file].text[e.span.start : e.span.end] for e in edits)
    return rule.code, diagnostic.message, old
