"""COR006: statements whose `@until` is near."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="COR006",
    name="expires-soon",
    title="statement that expires soon",
    severity="warning",
    why="""\
The `@until` of this statement is less than a month away; after it the policy does not
compile.""",
    bad="""\
cell web {
    profile confined;
    @reason "the old clients need it" @until 2026-12-20
    deny network.bind udp port 8080;
}
""",
    good="""\
cell web {
    profile confined;
    @reason "the old clients need it" @until 2027-12-20
    deny network.bind udp port 8080;
}
""",
    remedy="decide whether it is still needed: set a later date, or remove the statement",
    find=None,
)
