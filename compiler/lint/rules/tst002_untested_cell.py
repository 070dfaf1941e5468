"""TST002: cells that listen and that no test asks about."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    tested = {
        subject
        for test in context.policy.tests
        for case in test.cases
        for subject in case.pattern.subjects
    }
    for cell in context.exposed:
        if cell.name not in tested:
            yield Finding(cell.span, f"no test asks about `{cell.name}`")


RULE = Rule(
    code="TST002",
    name="untested-cell",
    title="exposed cell without a test",
    severity="note",
    why="""\
A test says in one line what the cell is for. Without one, a change to a profile can take it
away, and the first to notice are users.""",
    bad="""\
cell web {
    profile confined;
    listen tcp 8080;
}
assert only web network.bind tcp port 8080;
""",
    good="""\
cell web {
    profile confined;
    listen tcp 8080;
}
assert only web network.bind tcp port 8080;
test "the port" { allow web network.bind tcp port 8080; }
""",
    remedy="write a `test` for what the cell must be able to do",
    find=find,
)
