"""Checks the assertions of a policy on every request they are about."""

from __future__ import annotations

from compiler.analysis.influence import Influence
from compiler.checks.classes import Classes
from compiler.diagnostics import Diagnostics, Related
from compiler.ir.decide import Decider
from compiler.ir.ir import HOST, IR, Request
from compiler.lowering.lower import Lowered
from compiler.lowering.problems import request_text
from compiler.model.policy import Assertion, Policy


def check_assertions(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """Reports every assertion that does not hold, with a request that breaks it."""
    if not policy.assertions:
        return
    checker = _Checker(lowered, found)
    for assertion in policy.assertions:
        if assertion.kind == "no-influence":
            checker.influence(assertion)
        else:
            checker.decisions(assertion)


class _Checker:
    def __init__(self, lowered: Lowered, found: Diagnostics) -> None:
        self._lowered = lowered
        self._found = found
        self._ir: IR = lowered.ir
        self._decider = Decider(lowered.ir)
        self._classes = Classes(lowered.ir)
        self._influence = Influence(lowered.ir, self._decider)

    def decisions(self, assertion: Assertion) -> None:
        assert assertion.pattern is not None
        subjects = assertion.subjects
        if assertion.kind == "only":
            everyone = [*(cell.name for cell in self._ir.cells), HOST]
            subjects = tuple(name for name in everyone if name not in assertion.subjects)
        wanted = "deny" if assertion.kind != "always" else "allow"
        question = self._classes.question(assertion.pattern.rule)
        asked = False
        for subject in subjects:
            for request in question.of(subject):
                asked = True
                decision = self._decider.decide(request)
                if (decision.effect == "deny") != (wanted == "deny"):
                    self._broken(assertion, request, decision.effect, decision.rule)
                    return
        if subjects and not asked:
            self._found.warning(
                "TST001",
                "the kernel never asks what this assertion is about",
                assertion.span,
                "it always holds; name another action or condition",
            )

    def _broken(
        self, assertion: Assertion, request: Request, effect: str, rule: int | None
    ) -> None:
        related = []
        if rule is not None:
            related.append(Related(self._lowered.spans[rule], f"this {effect} decides it"))
        by = "" if rule is not None else " by default"
        verdict = {"deny": "denied", "allow": "allowed", "grant": "granted"}[effect]
        self._found.error(
            "E0607",
            f"assertion broken: `{request_text(request)}` is {verdict}{by}",
            assertion.span,
            "change the rules, or the assertion if it asks too much",
            related,
        )

    def influence(self, assertion: Assertion) -> None:
        for source in assertion.subjects:
            for target in assertion.others:
                if source == target:
                    continue
                path = self._influence.path(source, target)
                if path is not None:
                    chain = ", ".join(f"{s.source} ~> {s.target} ({s.by})" for s in path)
                    self._found.error(
                        "E0608",
                        f"assertion broken: `{source}` can influence `{target}`",
                        assertion.span,
                        f"cut one of: {chain}",
                    )
                    return
