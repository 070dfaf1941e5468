"""SEC006: grants without `@reason`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for rule in context.rules.values():
        if rule.meaning.effect == "grant" and rule.meaning.notes.reason is None:
            yield Finding(rule.span, "this grant does not say why it is there")


RULE = Rule(
    code="SEC006",
    name="grant-without-reason",
    title="grant without a reason",
    severity="warning",
    why="""\
A grant gives what the traditional model would refuse. Why this cell needs it is what a
reviewer asks first, and what nobody remembers a year later. Grants that are as good as root
are errors without it; all others are found here.""",
    bad="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
    grant network.bind.privport tcp port 80;
}
assert only web network.bind tcp port 80;
test "the port" { grant web network.bind tcp port 80; }
""",
    good="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
    @reason "httpd binds its own port"
    grant network.bind.privport tcp port 80;
}
assert only web network.bind tcp port 80;
test "the port" { grant web network.bind tcp port 80; }
""",
    remedy="say why with `@reason`, or remove the grant",
    find=find,
)
