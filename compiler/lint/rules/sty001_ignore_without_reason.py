"""STY001: comments that ignore findings and do not say why."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="STY001",
    name="ignore-without-reason",
    title="ignore without a reason",
    severity="warning",
    why="""\
A finding that is set aside is a decision. Whoever reads the policy later needs to know what
it rests on, and cannot ask. A comment without a reason ignores nothing.""",
    bad="""\
cell web {
    profile confined;
    permissive;  # cellc: ignore SEC001
}
""",
    good="""\
cell web {
    profile confined;
    permissive;  # cellc: ignore SEC001 -- until release 11
}
""",
    remedy="say why: `# cellc: ignore CODE -- reason`",
    find=None,
    ignorable=False,
    also=("SEC001",),
)
