"""TST005: tests that expect `allow` where the request is refused."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.model.policy import TestCase


def find(context: Context) -> Iterator[Finding]:
    for test in context.policy.tests:
        for case in test.cases:
            open_ = case.works is None and case.voter is None
            if case.effect != "deny" and open_ and _is_refused(context, case):
                message = f"the vote is {case.effect}, and the request is refused all the same"
                yield Finding(case.span, message)


def _is_refused(context: Context, case: TestCase) -> bool:
    """Whether the vote is as expected, and other listeners refuse every request."""
    frame = context.decisions.frame
    results = {
        (row.effect, outcome.result)
        for row in context.asked(case.pattern)
        for outcome, _ in context.stack.outcomes(row, frame)
    }
    return results == {(case.effect, "refused")}


RULE = Rule(
    code="TST005",
    name="vote-without-outcome",
    title="test of a vote that is refused all the same",
    severity="note",
    why="""\
`allow` in a test is the vote of the cell, and the test passes. But another listener refuses
the request, so the service will not work, and the test says it would.""",
    bad="""\
cell web {
    profile confined;
    user "www";
    deny network.bind.privport tcp port 1..79;
}
test "web binds its port" {
    allow web network.bind tcp port 80;
}
""",
    good="""\
cell web {
    profile confined;
    user "www";
    deny network.bind.privport tcp port 1..79;
}
test "web binds its port" {
    allow web network.bind tcp port 80 refused by suser;
}
""",
    remedy="say `works` if it must work, which then fails, or `refused by VOTER`",
    find=find,
)
