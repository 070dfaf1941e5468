"""Runs the `test` blocks of a policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.analysis.patterns import Patterns
from compiler.analysis.stack import Stack
from compiler.diagnostics import Diagnostics, Related
from compiler.ir.ir import Decision, Request
from compiler.lowering.lower import Lowered
from compiler.lowering.problems import request_text
from compiler.model.policy import Policy, Test, TestCase

_DONE = {"deny": "denied", "allow": "allowed", "grant": "granted"}


@dataclass(frozen=True, slots=True)
class TestResult:
    title: str
    cases: int
    failed: int


def run_tests(policy: Policy, lowered: Lowered, found: Diagnostics) -> list[TestResult]:
    """Runs every test; each case that fails is an error with the request that shows it."""
    runner = _Runner(lowered, found)
    return [runner.run(test) for test in policy.tests]


class _Runner:
    def __init__(self, lowered: Lowered, found: Diagnostics) -> None:
        self._lowered = lowered
        self._found = found
        self._decider = lowered.decider
        self._patterns = Patterns(lowered.ir)
        self._stack = Stack(lowered.ir)

    def run(self, test: Test) -> TestResult:
        failed = sum(not self._case(test, case) for case in test.cases)
        return TestResult(test.title, len(test.cases), failed)

    def _requests(self, case: TestCase) -> Iterator[Request]:
        for subject in case.pattern.subjects:
            asked = list(self._patterns.asked(case.pattern.rule, subject))
            if not asked:
                self._found.warning(
                    "W0807",
                    "the kernel never asks this request",
                    case.span,
                    "the test sees what it would be told; name another action or condition",
                )
            yield from asked or self._patterns.literal(case.pattern.rule, subject)

    def _case(self, test: Test, case: TestCase) -> bool:
        for request in self._requests(case):
            decision = self._decider.decide(request)
            if decision.effect != case.effect:
                self._vote(test, case, request, decision)
                return False
            if case.works is not None and not self._outcome(test, case, request, decision):
                return False
        return True

    def _related(self, decision: Decision) -> list[Related]:
        if decision.rule is None:
            return []
        return [Related(self._lowered.spans[decision.rule], "decided here")]

    def _vote(self, test: Test, case: TestCase, request: Request, decision: Decision) -> None:
        by = "" if decision.rule is not None else " by default"
        self._found.error(
            "E0609",
            f'test "{_line(test.title)}": `{request_text(request)}` is'
            f" {_DONE[decision.effect]}{by}, not {_DONE[case.effect]}",
            case.span,
            "change the rules, or the test if it asks for the wrong thing",
            self._related(decision),
        )

    def _outcome(self, test: Test, case: TestCase, request: Request, decision: Decision) -> bool:
        outcome = self._stack.outcome(request, decision.effect)
        wanted = "works" if case.works else "refused"
        good = outcome.result == wanted
        if good and case.voter is not None:
            good = outcome.refused_by(case.voter)
        if not good:
            by = f" by {case.voter}" if case.voter else ""
            asked = "work" if case.works else f"be refused{by}"
            refused = f"is refused by {outcome.by}"
            got = {"works": "works", "refused": refused}.get(outcome.result, "depends on the host")
            when = "; ".join(b.when for b in outcome.ballots if b.when)
            self._found.error(
                "E0610",
                f'test "{_line(test.title)}": `{request_text(request)}` is expected to'
                f" {asked}, but {got}",
                case.span,
                when or "the cell's vote is one of several; `cellc explain` shows them all",
                self._related(decision),
            )
        return good


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60])
