"""COR011: rules without which everything would be decided alike."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.lint.shadows import redundant


def find(context: Context) -> Iterator[Finding]:
    for placed in redundant(context):
        yield Finding(
            placed.span,
            "without this rule everything would be decided alike",
            edits=removal(context, placed),
        )


RULE = Rule(
    code="COR011",
    name="redundant-rule",
    title="rule that changes nothing",
    severity="note",
    why="""\
What the rule says is decided so without it, by an earlier layer or by default. Should that
change, this rule will not have been meant to stay. Rules that are `final` do more and are
not reported, and cells that more than 500 rules are about are not looked at.""",
    bad="""\
cell web {
    profile confined;
    deny system.reboot;
}
""",
    good="""\
cell web {
    profile confined;
    deny system.sysvipc;
}
""",
    remedy="remove it, or make it `final` if it is to hold against changes below",
    find=find,
    fix="decisions",
)
