"""SEC018: cells that listen under `profile low` without rules of their own."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.exposed:
        rules = [rule for body in cell.written.bodies[1:] for rule in body.rules]
        on_low = [body.name for body in cell.written.profiles[:1]] == ["low"]
        if on_low and not any(rule.meaning.effect == "deny" for rule in rules):
            yield Finding(cell.span, f"`{cell.name}` listens, and nothing but `low` confines it")


RULE = Rule(
    code="SEC018",
    name="exposed-unconfined",
    title="exposed cell that nothing confines",
    severity="warning",
    why="""\
`profile low` only keeps cells apart. A service that strangers can talk to should not be
able to mount, load or reconfigure what its user could.""",
    bad="""\
cell web {
    profile low;
    root "/var/cells/web";
    user "www";
    listen tcp 8080;
}
assert only web network.bind tcp port 8080;
test "the port" { allow web network.bind tcp port 8080; }
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    listen tcp 8080;
}
assert only web network.bind tcp port 8080;
test "the port" { allow web network.bind tcp port 8080; }
""",
    remedy="use `profile confined`, and allow what the service needs beyond it",
    find=find,
)
