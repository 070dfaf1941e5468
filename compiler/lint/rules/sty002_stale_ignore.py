"""STY002: comments that ignore what is not there."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="STY002",
    name="stale-ignore",
    title="ignore without a finding",
    severity="warning",
    why="""\
The finding that the comment was written for is gone. What is left of it would silence the
next one, which nobody has looked at.""",
    bad="""\
cell web {
    profile confined;  # cellc: ignore SEC001 -- until release 11
}
""",
    good="""\
cell web {
    profile confined;
    permissive;  # cellc: ignore SEC001 -- until release 11
}
""",
    remedy="remove the comment",
    find=None,
    ignorable=False,
    fix="everything",
)
