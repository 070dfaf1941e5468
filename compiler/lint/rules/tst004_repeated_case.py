"""TST004: test cases that repeat another one of their test."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.meaning import asked
from compiler.lint.rule import Finding, Rule
from compiler.source import Span


def find(context: Context) -> Iterator[Finding]:
    places = {placed.span: placed for placed in context.statements}
    for test in context.policy.tests:
        seen: dict[tuple[object, ...], Span] = {}
        for case in test.cases:
            key = (case.effect, case.rule, case.works, case.voter, asked(case.pattern))
            first = seen.setdefault(key, case.span)
            if first is not case.span:
                yield Finding(
                    case.span,
                    "this case stands there already",
                    related=[Related(first, "here")],
                    edits=removal(context, places[case.span]),
                )


RULE = Rule(
    code="TST004",
    name="repeated-case",
    title="test case that stands there twice",
    severity="note",
    why="The second one can only tell what the first did.",
    bad="""\
cell web { profile confined; }
test "no powers" {
    deny web system.reboot;
    deny web system.reboot;
}
""",
    good="""\
cell web { profile confined; }
test "no powers" {
    deny web system.reboot;
}
""",
    remedy="remove it",
    find=find,
    fix="everything",
)
