"""Tighter rules that still admit all that was observed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from compiler.analysis.boxes import Box, meet
from compiler.analysis.compare import Difference
from compiler.analysis.decisions import Decided
from compiler.analysis.frame import Frame
from compiler.driver import Compilation
from compiler.lint.edits import commented, without
from compiler.lint.rule import Edit
from compiler.lowering.rule_ids import on_one_line
from compiler.propose.trial import Proposal, Refused, Trial, Tried
from compiler.propose.wording import conditions
from compiler.record import NamedTuple
from compiler.source import Span

_EFFECTS = ("deny", "allow", "grant")
_COMMENTED = "a comment stands inside: change it by hand"


class Tightening(NamedTuple):
    """What is proposed."""

    texts: dict[str, str]
    """The files that change, anew."""
    proposals: Sequence[Proposal]
    refused: Sequence[Refused]
    closed: Sequence[Difference]
    """All that would no longer be possible."""
    frame: Frame


def narrow(
    path: Path, first: Compilation, admitted: Sequence[Decided], today: datetime.date
) -> Tightening:
    """What to take from a policy that compiles; all that is `admitted` stays so."""
    return _Narrowing(path, first, today).run(admitted)


class _Narrowing:
    def __init__(self, path: Path, first: Compilation, today: datetime.date) -> None:
        self._trial = Trial(path, first, today)
        self._program = self._trial.program
        self._frame = Frame(self._program.ir)

    def run(self, admitted: Sequence[Decided]) -> Tightening:
        def objection(tried: Tried, added: Sequence[Proposal]) -> str:
            return _objection(tried, admitted)

        proposals: list[Proposal] = []
        untouched: list[Proposal] = []
        for proposal in self._proposals(admitted):
            (untouched if self._commented(proposal) else proposals).append(proposal)
        kept, refused = self._trial.accepted(proposals, objection)
        tried = self._trial.of(kept) if kept else None
        assert not isinstance(tried, str)
        closed = [d for d in tried.differences if d.direction == "narrowed"] if tried else []
        return Tightening(
            self._trial.texts(e for p in kept for e in p.edits) or {},
            kept,
            [*(r for r in refused if r.why), *(Refused(p, _COMMENTED) for p in untouched)],
            closed,
            tried.comparison.frame if tried else self._frame,
        )

    def _commented(self, proposal: Proposal) -> bool:
        """Whether a comment would go with what is changed."""
        spans = [edit.span for edit in proposal.edits]
        return any(commented(self._trial.first.sources[span.file], span) for span in spans)

    def _proposals(self, admitted: Sequence[Decided]) -> Iterator[Proposal]:
        """For each rule of the author's that admits: taken out, or as narrow as what was seen."""
        ir, program = self._program.ir, self._program
        used: dict[int, list[Box]] = {}
        for row in admitted:
            if row.rule is not None:
                used.setdefault(row.rule, []).append(row.box)
        held = {r for cell in ir.cells for layer in cell.layers for r in ir.layers[layer].rules}
        by_span: dict[Span, list[int]] = {}
        for index in sorted(held):
            rule, span = ir.rules[index], program.spans[index]
            if rule.effect != "deny" and not rule.listen and not span.file.startswith("<"):
                by_span.setdefault(span, []).append(index)
        for span, indices in by_span.items():
            boxes = [box for index in indices for box in used.get(index, ())]
            if not boxes:
                yield self._without(span, program.scopes[indices[0]])
            elif len(indices) == 1:
                narrower = self._narrower(span, indices[0], boxes)
                if narrower is not None:
                    yield narrower

    def _without(self, span: Span, scope: str) -> Proposal:
        """The policy without a rule, its annotations and its lines."""
        source = self._trial.first.sources[span.file]
        edit = without(source, span._replace(start=self._program_start(span)))
        rule = on_one_line(source.text[span.start : span.end])
        return Proposal(f"{scope}: without {rule}", (edit,))

    def _program_start(self, span: Span) -> int:
        """Where a rule begins, its annotations included."""
        annotations = self._trial.annotations.get(span, ())
        return min((a.span.start for a in annotations), default=span.start)

    def _narrower(self, span: Span, index: int, boxes: Sequence[Box]) -> Proposal | None:
        """A rule about no more than was observed; None if it is that already."""
        rule = self._program.ir.rules[index]
        source = self._trial.first.sources[span.file]
        words = list(conditions(self._frame, boxes, merged=True))
        final = "final " if rule.final else ""
        made = [f"{final}{rule.effect} {one};" for one in words]
        start = self._program_start(span)
        annotations = source.text[start : span.start]
        text = " ".join(f"{annotations if n else ''}{one}" for n, one in enumerate(made))
        if text == on_one_line(source.text[span.start : span.end]):
            return None
        scope = self._program.scopes[index]
        return Proposal(f"{scope}: {' '.join(made)}", (Edit(span, text),))


def _objection(tried: Tried, admitted: Sequence[Decided]) -> str:
    """What speaks against a narrower policy: it is not narrower, or not wide enough."""
    directions = {d.direction for d in tried.differences}
    if "widened" in directions:
        return "it would widen something"
    for difference in tried.differences:
        if difference.direction == "narrowed":
            box = difference.box
            if any(meet(box, row.box) for row in admitted):
                return "something observed would be refused"
    return "" if "narrowed" in directions else "nothing would be narrower"
