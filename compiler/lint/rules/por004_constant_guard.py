"""POR004: `when target` conditions that no known release makes different."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.actions import RELEASES
from compiler.lint.context import Context
from compiler.lint.guards import guards
from compiler.lint.rule import Finding, Rule
from compiler.names.release import holds


def find(context: Context) -> Iterator[Finding]:
    for guard in guards(context):
        answers = {holds(guard, release) for release in RELEASES}
        if len(answers) == 1:
            what = "every" if answers == {True} else "no"
            yield Finding(guard.span, f"this holds for {what} release that cellc knows")


RULE = Rule(
    code="POR004",
    name="constant-guard",
    title="guard that is always true or never",
    severity="note",
    why="""\
A condition that holds for every release says nothing; one that holds for none hides
statements that no compiler has ever looked at.""",
    bad="""\
cell web {
    profile confined;
    when target >= 9.0 {
        deny system.sysvipc;
    }
}
""",
    good="""\
cell web {
    profile confined;
    when target >= 11.0 {
        deny system.sysvipc;
    }
}
""",
    remedy="remove the condition, or all that it guards",
    find=find,
)
