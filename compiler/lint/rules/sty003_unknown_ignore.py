"""STY003: comments to cellc that it cannot follow."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="STY003",
    name="unknown-ignore",
    title="ignore of a rule that does not exist or cannot be ignored",
    severity="warning",
    why="""\
The comment names no code, or one that no rule has, or one of a rule that cannot be ignored;
so it does not do what its author meant.""",
    bad="""\
cell web {
    profile confined;  # cellc: ignore SEC000 -- until release 11
}
""",
    good="""\
cell web {
    profile confined;
    permissive;  # cellc: ignore SEC001 -- until release 11
}
""",
    remedy="write `# cellc: ignore CODE -- reason`; `cellc rule` lists the codes",
    find=None,
    ignorable=False,
)
