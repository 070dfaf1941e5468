"""TST007: grants that could be lost, or grow, unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.source import Span


def find(context: Context) -> Iterator[Finding]:
    grants = {span: r for span, r in context.rules.items() if r.meaning.effect == "grant"}
    asked = _asked(context, {name for r in grants.values() for name in r.meaning.actions})
    for span in grants:
        if span not in asked:
            yield Finding(span, "no test or assertion asks about what this grants")


def _asked(context: Context, granted: set[str]) -> set[Span]:
    """Where the grants stand that decide what tests and assertions ask about."""
    patterns = [case.pattern for test in context.policy.tests for case in test.cases]
    patterns += [a.pattern for a in context.policy.assertions if a.pattern is not None]
    return {
        context.rule_span(row.rule)
        for pattern in patterns
        if not granted.isdisjoint(pattern.rule.actions)
        for row in context.asked(pattern)
        if row.effect == "grant" and row.rule is not None
    }


RULE = Rule(
    code="TST007",
    name="untested-grant",
    title="grant that no test or assertion asks about",
    severity="note",
    why="""\
A grant is the most dangerous line of a policy. A test of it tells that it is still needed
in this form.""",
    bad="""\
cell clock {
    profile confined;
    user "ntpd";
    @reason "sets the clock"
    grant system.time.adjtime;
}
""",
    good="""\
cell clock {
    profile confined;
    user "ntpd";
    @reason "sets the clock"
    grant system.time.adjtime;
}
test "it sets the clock" { grant clock system.time.adjtime; }
""",
    remedy="write a test with `grant`, or an assertion with `only`",
    find=find,
)
