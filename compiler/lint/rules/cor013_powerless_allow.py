"""COR013: allows of what the other security models refuse."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.outcomes import remarked
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for rule, remarks in remarked(context, "allow"):
        if remarks == {"powerless allow"}:
            message = "the cell's user is refused this all the same"
            yield Finding(context.rule_span(rule), message)


RULE = Rule(
    code="COR013",
    name="powerless-allow",
    title="allow that is refused all the same",
    severity="warning",
    why="""\
`allow` only means that this model has no objection. The other listeners refuse these
requests to the user that the cell runs as, so the rule does not give what it seems to.""",
    bad="""\
cell clock {
    profile confined;
    user "ntpd";
    allow system.time.adjtime;
}
""",
    good="""\
cell clock {
    profile confined;
    user "ntpd";
    @reason "sets the clock, and nothing else of root"
    grant system.time.adjtime;
}
test "it sets the clock" { grant clock system.time.adjtime; }
""",
    remedy="use `grant` with a `@reason`, run the cell as root, or remove the rule",
    find=find,
)
