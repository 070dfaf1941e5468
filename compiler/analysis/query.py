"""Answers a pattern: every request that it matches, with vote and outcome, in few rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.influence import Influence, Step
from compiler.analysis.read import RequestReader
from compiler.analysis.stack import Stack
from compiler.analysis.wording import Wording
from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.ir.ir import Decision
from compiler.pattern import pattern
from compiler.record import NamedTuple
from compiler.source import Source

_INFLUENCE = pattern(r"(?P<left>[^~]*)~>(?P<right>[^~]*)")


class Row(NamedTuple):
    """Requests that are decided alike and come to the same end."""

    text: str
    """A pattern for them."""
    box: Box
    decision: Decision
    result: str
    by: str
    remark: str
    """What is odd about the decision; "" for nothing."""


class Chain(NamedTuple):
    """How one subject influences another one."""

    source: str
    target: str
    steps: tuple[Step, ...]


class Query:
    """Answers patterns about one compiled policy."""

    def __init__(self, program: Program) -> None:
        self.reader = RequestReader(program)
        self.frame = self.reader.frame
        self.decisions = Decisions(program.ir, self.frame)
        self.stack = Stack(program.ir)
        self._wording = Wording(self.frame, self.reader.groups, brief=True)

    def source(self, text: str) -> Source:
        """A pattern as it is understood, for `ask` and for what is reported about it."""
        return self.reader.source("<pattern>", text)

    def ask(
        self,
        text: Source,
        found: Diagnostics,
        effects: Collection[str] = (),
        results: Collection[str] = (),
    ) -> list[Row] | list[Chain] | None:
        """Rows, or for `A ~> B` chains of influence; None after a diagnostic.

        `effects` and `results` (outcomes) narrow the rows; all of them when empty.
        """
        influence = _INFLUENCE.fullmatch(text.text)
        if influence is not None:
            return self._chains(text, influence, found)
        pattern = self.reader.read(text, found)
        if pattern is None:
            return None
        boxes = self.reader.boxes(text, pattern, found)
        return self.rows(self.decisions.of(boxes), effects, results)

    def rows(
        self,
        decided: Iterable[Decided],
        effects: Collection[str] = (),
        results: Collection[str] = (),
    ) -> list[Row]:
        """Few rows for what is decided, in the order of actions, subjects, ports and so on."""
        kept = []
        for row in decided:
            if effects and row.effect not in effects:
                continue
            for outcome, box in self.stack.outcomes(row, self.frame):
                if not results or outcome.result in results:
                    end = outcome.result, outcome.by, outcome.remark
                    kept.append(((row.effect, row.rule, end), box))
        rows = [
            Row(text, part, Decision(effect, rule), *end)
            for (effect, rule, end), box in self.frame.joined(kept)
            for text, part in self._wording.patterns(box)
        ]
        return sorted(rows, key=lambda row: _order(row.box))

    def _chains(
        self, text: Source, influence: re.Match[str], found: Diagnostics
    ) -> list[Chain] | None:
        subjects = []
        for side in ("left", "right"):
            start, end = influence.span(side)
            names = self.reader.subjects(text, start, end, found)
            if names is None:
                return None
            subjects.append(names)
        graph = Influence(self.decisions)
        chains = []
        for source in subjects[0]:
            for target in subjects[1]:
                path = graph.path(source, target) if source != target else None
                if path is not None:
                    chains.append(Chain(source, target, tuple(path)))
        return chains


def _order(box: Box) -> tuple[int, ...]:
    return tuple((bits & -bits).bit_length() for bits in (box.actions, box.subjects, *box[2:]))
