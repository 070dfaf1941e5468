"""TST008: assertions that repeat another one."""

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
    seen: dict[tuple[object, ...], Span] = {}
    for assertion in context.policy.assertions:
        pattern = assertion.pattern
        said = None if pattern is None else asked(pattern)
        key = (assertion.kind, frozenset(assertion.subjects), frozenset(assertion.others), said)
        first = seen.setdefault(key, assertion.span)
        if first is not assertion.span:
            yield Finding(
                assertion.span,
                "this is asserted already",
                related=[Related(first, "here")],
                edits=removal(context, places[assertion.span]),
            )


RULE = Rule(
    code="TST008",
    name="repeated-assertion",
    title="assertion that stands there twice",
    severity="note",
    why="The second one can only tell what the first did.",
    bad="""\
cell web { profile confined; }
assert never web system.reboot;
assert never web system.reboot;
""",
    good="""\
cell web { profile confined; }
assert never web system.reboot;
""",
    remedy="remove it",
    find=find,
    fix="everything",
)
