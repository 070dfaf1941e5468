"""COR010: rules of which others leave nothing to decide."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.lint.shadows import shadowed


def find(context: Context) -> Iterator[Finding]:
    for dead in shadowed(context):
        count = len(dead.by)
        others = "another one decides" if count == 1 else f"{count} others together decide"
        yield Finding(
            dead.placed.span,
            f"{others} all that this rule is about",
            related=[Related(span, "by this one") for span in dead.by],
            edits=removal(context, dead.placed),
        )


RULE = Rule(
    code="COR010",
    name="shadowed-rule",
    title="rule that decides nothing",
    severity="warning",
    why="""\
For each request that the rule is about, a narrower rule of its layer, or one of a later
layer, decides. Several may do so together. Who reads the rule believes that it holds.
Cells that more than 500 rules are about are not looked at.""",
    bad="""\
profile service extends confined {
    deny network.bind tcp port 1..1023;
}
cell web {
    profile service;
    allow network.bind tcp port 1..511;
    allow network.bind tcp port 512..2047;
}
""",
    good="""\
profile service extends confined {
    deny network.bind tcp port 1..1023;
}
cell web {
    profile service;
    allow network.bind tcp port 1..511;
}
""",
    remedy="remove it, or narrow the rules that stand in its way",
    find=find,
    fix="everything",
)
