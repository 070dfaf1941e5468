"""TST003: cells that listen and that no assertion is about."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.model.policy import Assertion


def find(context: Context) -> Iterator[Finding]:
    bounded = {
        name
        for assertion in context.policy.assertions
        for name in (*assertion.subjects, *assertion.others, *_targets(assertion))
    }
    for cell in context.exposed:
        if cell.name not in bounded:
            yield Finding(cell.span, f"no assertion is about `{cell.name}`")


def _targets(assertion: Assertion) -> tuple[str, ...]:
    """The cells whose processes an assertion protects."""
    to = assertion.pattern.rule.to if assertion.pattern else None
    return to.members if to and not to.exclude else ()


RULE = Rule(
    code="TST003",
    name="unasserted-cell",
    title="exposed cell that no assertion bounds",
    severity="note",
    why="""\
An assertion holds for every request at once, and for every later version of the policy.
What must never happen to a cell that strangers talk to belongs into one.""",
    bad="""\
cell web {
    profile confined;
    listen tcp 8080;
}
test "the port" { allow web network.bind tcp port 8080; }
""",
    good="""\
cell web {
    profile confined;
    listen tcp 8080;
}
assert never web system.{mknod, module, reboot};
test "the port" { allow web network.bind tcp port 8080; }
""",
    remedy="assert what the cell must never do: `assert never CELL ACTION;`",
    find=find,
)
