"""COR012: denies that only repeat what the other security models refuse."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.outcomes import remarked
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for rule, remarks in remarked(context, "deny"):
        if remarks == {"redundant deny"}:
            message = "others refuse this to the cell's user in any case"
            yield Finding(context.rule_span(rule), message)


RULE = Rule(
    code="COR012",
    name="redundant-deny",
    title="deny of what is refused anyway",
    severity="note",
    why="""\
Whatever the rule says, the kernel's other listeners refuse these requests to the user that
the cell runs as.""",
    bad="""\
cell web {
    profile low;
    user "www";
    deny system.reboot;
}
""",
    good="""\
cell web {
    profile low;
    user "www";
    deny process.fork;
}
""",
    remedy="remove it, unless it is to hold when the cell becomes root",
    find=find,
    off="""\
denying twice is what defence in depth means; the finding tells where one lock would do""",
)
