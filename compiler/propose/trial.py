"""Tries edits of a policy: those are kept that do what they should and nothing else."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from compiler.analysis.compare import Comparison, Difference
from compiler.driver import Compilation, Program, compile_policy
from compiler.lint.apply import applied, edited
from compiler.lint.context import Context
from compiler.lint.rule import Edit
from compiler.lint.settings import Settings
from compiler.record import NamedTuple
from compiler.source import Span
from compiler.syntax import tree as t


class Proposal(NamedTuple):
    """One change, for a reader and for the file."""

    text: str
    """What it is, such as "cell web: allow process.signal to worker;"."""
    edits: tuple[Edit, ...]
    trial: tuple[Edit, ...] | None = None
    """What is compiled instead where the edits leave something for a person to fill in."""

    @property
    def compiled(self) -> tuple[Edit, ...]:
        return self.edits if self.trial is None else self.trial


class Tried(NamedTuple):
    """A policy with edits that compiles, and what is another in it."""

    program: Program
    comparison: Comparison
    differences: Sequence[Difference]


class Refused(NamedTuple):
    """A proposal that came to nothing, and why."""

    proposal: Proposal
    why: str


class Trial:
    """Compiles one policy with edits."""

    def __init__(self, path: Path, first: Compilation, today: datetime.date) -> None:
        assert first.program is not None
        self.first = first
        self.program = first.program
        self._path = path
        self._today = today
        self._last: tuple[list[Proposal], Tried] | None = None
        """What was tried last: it is often asked for once more when all is decided."""
        self._failed: dict[tuple[Proposal, ...], str] = {}
        """What did not compile: what is refused among others is tried once more by itself."""

    def texts(self, edits: Iterable[Edit]) -> dict[str, str] | None:
        """The files that edits change, anew and laid out; None if one would be no policy."""
        made = {}
        for name, some in _by_file(edits).items():
            text = edited(self.first.sources[name], some, self._parts(name))
            if text is None:
                return None
            made[name] = text
        return made

    @functools.cached_property
    def annotations(self) -> dict[Span, tuple[t.Annotation, ...]]:
        """What stands before statements, by the spans of these."""
        context = Context(self.program, Settings(), self._today)
        return {placed.span: placed.statement.annotations for placed in context.statements}

    def _parts(self, name: str) -> list[Span]:
        """The statements at the top of a file, each with its annotations."""
        for file in self.program.definitions.files:
            if file.source.name == name:
                return [
                    s.span._replace(
                        start=min((a.span.start for a in s.annotations), default=s.span.start)
                    )
                    for s in file.statements
                ]
        return []

    def of(self, proposals: Iterable[Proposal]) -> Tried | str:
        """The policy with some proposals, or why there is none."""
        some = list(proposals)
        if self._last is not None and self._last[0] == some:
            return self._last[1]
        if tuple(some) in self._failed:
            return self._failed[tuple(some)]
        edits = _by_file(edit for p in some for edit in p.compiled)
        texts = {name: applied(self.first.sources[name], of) for name, of in edits.items()}
        made = compile_policy(self._path, self._today, texts=texts)
        if made.failed or made.program is None:
            why = made.diagnostics[0].message if made.diagnostics else "it would be no policy"
            self._failed[tuple(some)] = why
            return why
        comparison = Comparison(self.program.ir, made.program.ir)
        tried = Tried(made.program, comparison, comparison.differences())
        self._last = some, tried
        return tried

    def accepted(
        self,
        proposals: Sequence[Proposal],
        objection: Callable[[Tried, Sequence[Proposal]], str],
        before: Sequence[Proposal] = (),
    ) -> tuple[list[Proposal], list[Refused]]:
        """As many proposals as go together, and with those `before` them, and the others.

        All are tried at once, then by halves: few compilations where few are refused.
        """
        kept: list[Proposal] = []
        refused: list[Refused] = []

        def take(some: Sequence[Proposal]) -> None:
            tried = self.of([*before, *kept, *some])
            why = tried if isinstance(tried, str) else objection(tried, some)
            if not why:
                kept.extend(some)
            elif len(some) == 1:
                refused.append(Refused(some[0], why))
            else:
                half = len(some) // 2
                take(some[:half])
                take(some[half:])

        if proposals:
            take(proposals)
        return kept, refused


def _by_file(edits: Iterable[Edit]) -> dict[str, list[Edit]]:
    found: dict[str, list[Edit]] = {}
    for edit in edits:
        found.setdefault(edit.span.file, []).append(edit)
    return found
