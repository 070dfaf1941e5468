"""Assertions and tests with their names resolved."""

from __future__ import annotations

import datetime

from compiler.catalogue.voters import VOTERS
from compiler.diagnostics import Diagnostics, nearest, quoted
from compiler.ir.ir import Effect
from compiler.model.policy import Assertion, RequestPattern, Test, TestCase
from compiler.model.rules import Rules
from compiler.names.annotations import read_notes
from compiler.names.release import active
from compiler.names.text import unquote
from compiler.names.values import Scope
from compiler.source import Span
from compiler.syntax import tree as t


def read_pattern(
    subjects: tuple[t.Name, ...],
    action: t.Action,
    conditions: tuple[t.Condition, ...],
    span: Span,
    rules: Rules,
    scope: Scope,
) -> RequestPattern | None:
    """The requests of an assertion, a test or the command line; None after a diagnostic."""
    names = rules.subjects(subjects)
    pattern = rules.pattern(action, conditions, scope, span, lint=False, request=True)
    if names is None or pattern is None:
        return None
    return RequestPattern(names, pattern)


def read_assertion(
    node: t.Plain, rules: Rules, scope: Scope, found: Diagnostics
) -> Assertion | None:
    """An assertion, or None after a diagnostic."""
    assert isinstance(node, t.Assertion)
    if node.action is None:
        left, right = rules.subjects(node.subjects), rules.subjects(node.over)
        if left is None or right is None:
            return None
        return Assertion(node.kind, left, None, right, node.span)
    pattern = read_pattern(node.subjects, node.action, node.conditions, node.span, rules, scope)
    if pattern is None:
        return None
    return Assertion(node.kind, pattern.subjects, pattern, (), node.span)


def read_test(
    node: t.Test,
    target: str,
    today: datetime.date,
    rules: Rules,
    scope: Scope,
    found: Diagnostics,
) -> Test:
    """A test block; cases with errors are reported and left out."""
    title = unquote(node.title, found) or ""
    cases = []
    for statement in active(node.body, target):
        case = statement.node
        assert isinstance(case, t.TestCase)
        read_notes(statement.annotations, today, found)
        request = case.request
        pattern = read_pattern(
            request.subjects, request.action, request.conditions, request.span, rules, scope
        )
        if case.voter is not None and case.voter.text not in VOTERS:
            help = nearest(case.voter.text, VOTERS) or f"the voters are {', '.join(VOTERS)}"
            message = f"no voter is called {quoted(case.voter.text)}"
            found.error("E0416", message, case.voter.span, help)
        elif pattern is not None:
            voter = case.voter.text if case.voter is not None else None
            rule = unquote(case.rule, found) if case.rule is not None else None
            effect: Effect = case.effect  # type: ignore[assignment]  # the grammar has only these
            cases.append(TestCase(effect, pattern, rule, case.works, voter, case.span))
    return Test(title, tuple(cases), node.span)
