"""COR015: grants of what works without them."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.outcomes import remarked
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for rule, remarks in remarked(context, "grant"):
        if remarks == {"redundant grant"}:
            message = "this works without a grant"
            yield Finding(context.rule_span(rule), message)


RULE = Rule(
    code="COR015",
    name="redundant-grant",
    title="grant where an allow would do",
    severity="warning",
    why="""\
The kernel's other listeners allow these requests to the user that the cell runs as. An
`allow` leaves them their say, which a grant overrides.""",
    bad="""\
cell net {
    profile confined;
    @reason "sets up its tunnel"
    grant network.socket.open domain inet type stream;
}
test "it talks" { grant net network.socket.open domain inet type stream; }
""",
    good="""\
cell net {
    profile confined;
    user "net";
    @reason "sets up its tunnel"
    grant network.bind.privport udp port 500;
}
test "it opens its port" { grant net network.bind udp port 500; }
""",
    remedy="write `allow`",
    find=find,
)
