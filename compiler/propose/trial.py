"""Tries edits of a policy: those are kept that do what they should and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from compiler.analysis.compare import Comparison, Difference
from compiler.driver import Compilation, Program, compile_policy
from compiler.lint.apply import edited
from compiler.lint.rule import Edit


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

    def texts(self, edits: Iterable[Edit]) -> dict[str, str] | None:
        """The files that edits change, anew; None if one would be no policy."""
        by_file: dict[str, list[Edit]] = {}
        for edit in edits:
            by_file.setdefault(edit.span.file, []).append(edit)
        made = {}
        for name, some in by_file.items():
            text = edited(self.first.sources[name], some)
            if text is None:
                return None
            made[name] = text
        return made

    def of(self, proposals: Iterable[Proposal]) -> Tried | str:
        """The policy with some proposals, or why there is none."""
        texts = self.texts(edit for p in proposals for edit in p.compiled)
        if texts is None:
            return "it would be no policy any more"
        made = compile_policy(self._path, self._today, texts=texts)
        if made.failed or made.program is None:
            return made.diagnostics[0].message if made.diagnostics else "it would be no policy"
        comparison = Comparison(self.program.ir, made.program.ir)
        return Tried(made.program, comparison, comparison.differences())

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
