"""SEC005: rules about processes that do not say of whom."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="SEC005",
    name="all-processes",
    title="rule about all processes",
    severity="warning",
    why="""\
Without `to` a rule about processes is about those of the host and of every cell.""",
    bad="""\
cell web {
    profile confined;
    allow process.signal;
}
""",
    good="""\
cell web {
    profile confined;
    allow process.signal to worker;
}
cell worker { profile confined; }
""",
    remedy="say `to self`, or `to any` if all processes are what you mean",
    find=None,
)
