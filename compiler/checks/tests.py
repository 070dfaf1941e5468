"""Runs the `test` blocks of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.patterns import literal, pattern_boxes
from compiler.analysis.stack import Stack
from compiler.catalogue.voters import Outcome
from compiler.diagnostics import Diagnostics, Related, nearest
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import Request
from compiler.ir.requests import matches
from compiler.lowering.lower import Lowered
from compiler.lowering.problems import request_text
from compiler.lowering.rule_ids import canonical
from compiler.model.policy import Policy, Test, TestCase
from compiler.pattern import pattern
from compiler.record import NamedTuple, record
from compiler.source import Source, Span

_DONE = {"deny": "denied", "allow": "allowed", "grant": "granted"}
_BY_DEFAULT = "default"
_ID = pattern(r"[0-9a-f]{8}")


@record
class TestResult:
    """What came of one block."""

    title: str
    span: Span
    cases: int
    failures: tuple[str, ...]
    """A message for each case that failed."""

    @property
    def failed(self) -> int:
        return len(self.failures)


def run_tests(
    policy: Policy, lowered: Lowered, sources: Mapping[str, Source], found: Diagnostics
) -> list[TestResult]:
    """Runs every test; each case that fails is an error with the request that shows it."""
    runner = _Runner(lowered, sources, found)
    return [runner.run(test) for test in policy.tests]


class _Failure(NamedTuple):
    """Why a case does not hold."""

    code: str
    message: str
    help: str
    related: list[Related]


class _Runner:
    def __init__(self, lowered: Lowered, sources: Mapping[str, Source], found: Diagnostics) -> None:
        self._lowered = lowered
        self._sources = sources
        self._found = found
        self._ir = lowered.ir
        self._decisions = Decisions(lowered.ir)
        self._frame = self._decisions.frame
        self._stack = Stack(lowered.ir)
        self._cells = {cell.name: cell for cell in lowered.ir.cells}

    def run(self, test: Test) -> TestResult:
        failures = []
        for case in test.cases:
            failure = self._case(case)
            if failure is not None:
                failures.append(failure.message)
                message = f'test "{_line(test.title)}": {failure.message}'
                self._found.error(failure.code, message, case.span, failure.help, failure.related)
        return TestResult(test.title, test.span, len(test.cases), tuple(failures))

    def _case(self, case: TestCase) -> _Failure | None:
        """The first request that is not answered as expected, or None."""
        rows = sorted(self._rows(case), key=lambda row: _order(row.box))
        for row in rows:
            if row.effect != case.effect:
                return self._vote(case, row)
        for row in rows:
            if case.rule is not None and not self._is_by(row, case.rule):
                return self._rule(case.rule, row)
        if case.works is not None:
            for row in rows:
                for outcome, box in self._stack.outcomes(row, self._frame):
                    if not _as_expected(outcome, case):
                        return self._outcome(case, row._replace(box=box), outcome)
        return None

    def _rows(self, case: TestCase) -> Iterable[Decided]:
        boxes = pattern_boxes(self._frame, case.pattern)
        if boxes:
            return self._decisions.of(boxes)
        self._found.warning(
            "W0807",
            "the kernel never asks this request",
            case.span,
            "the test sees what it would be told; name another action or condition",
        )
        return [self._as_written(request) for request in literal(self._frame, case.pattern)]

    def _as_written(self, request: Request) -> Decided:
        """The decision on a request for which the frame may have no place: a target where the
        kernel passes none.  The folded rules may not know of it either."""
        decision = Evaluator(self._ir).decide(request)
        return Decided(self._frame.point(request), decision.effect, decision.rule)

    def _is_by(self, row: Decided, wanted: str) -> bool:
        if row.rule is None:
            return wanted == _BY_DEFAULT
        if _ID.fullmatch(wanted):
            return self._ir.rules[row.rule].id == int(wanted, 16)
        return canonical(wanted).rstrip(";") == self._text(row.rule)

    def _text(self, rule: int) -> str:
        """The tokens of a rule without the `;` at its end."""
        span = self._lowered.spans[rule]
        return canonical(self._sources[span.file].text[span.start : span.end]).rstrip(";")

    def _decided(self, row: Decided) -> list[Related]:
        if row.rule is None:
            return []
        return [Related(self._lowered.spans[row.rule], "decided here")]

    def _vote(self, case: TestCase, row: Decided) -> _Failure:
        request = self._frame.witness(row.box)
        by = "" if row.rule is not None else " by default"
        related = self._decided(row)
        for rule in self._losing(request, case.effect):
            related.append(Related(self._lowered.spans[rule], "this is overridden"))
        return _Failure(
            "E0609",
            f"`{request_text(request)}` is {_DONE[row.effect]}{by}, not {_DONE[case.effect]}",
            "change the rules, or the test if it asks for the wrong thing",
            related,
        )

    def _losing(self, request: Request, effect: str) -> list[int]:
        """Rules that would decide as expected, the most derived first, at most two."""
        ir = self._ir
        cell = self._cells.get(request.subject)
        layers = [ir.layers[i] for i in reversed(cell.layers)] if cell is not None else []
        rules = [i for layer in layers for i in layer.rules if ir.rules[i].effect == effect]
        return [i for i in rules if matches(ir, ir.rules[i].requests, request)][:2]

    def _rule(self, wanted: str, row: Decided) -> _Failure:
        request = request_text(self._frame.witness(row.box))
        by = f"`{self._text(row.rule)}`" if row.rule is not None else "a default"
        known = {self._text(i) for i in range(len(self._ir.rules)) if self._ir.rules[i].id}
        help = "correct the test, or the rules if another one was meant to decide"
        if not _ID.fullmatch(wanted) and canonical(wanted).rstrip(";") not in {*known, "default"}:
            help = nearest(wanted, known) or "no rule of the policy reads so; copy one"
        return _Failure(
            "E0613",
            f"`{request}` is decided by {by}, not by `{_line(wanted)}`",
            help,
            self._decided(row),
        )

    def _outcome(self, case: TestCase, row: Decided, outcome: Outcome) -> _Failure:
        by = f" by {case.voter}" if case.voter else ""
        asked = "work" if case.works else f"be refused{by}"
        refused = f"is refused by {outcome.by}"
        got = {"works": "works", "refused": refused}.get(outcome.result, "depends on the host")
        when = "; ".join(b.when for b in outcome.ballots if b.when)
        return _Failure(
            "E0610",
            f"`{request_text(self._frame.witness(row.box))}` is expected to {asked}, but {got}",
            when or "the cell's vote is one of several; `cellc explain` shows them all",
            self._decided(row),
        )


def _as_expected(outcome: Outcome, case: TestCase) -> bool:
    if outcome.result != ("works" if case.works else "refused"):
        return False
    return case.voter is None or outcome.refused_by(case.voter)


def _order(box: Box) -> tuple[int, ...]:
    return tuple((bits & -bits).bit_length() for bits in (box.actions, box.subjects, *box[2:]))


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60])
