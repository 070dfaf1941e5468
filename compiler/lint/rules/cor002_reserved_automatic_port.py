"""COR002: a reserved port among those the kernel picks by itself is only mostly reserved."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.automatic import candidates, touches
from compiler.lint.context import Context
from compiler.lint.ports import hoarders
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    automatic = candidates(context.ir.host)
    hoarding = context.memo(hoarders)
    for r in context.reservations:
        if touches(r.ports, automatic) and (r.cell, r.protocol) not in hoarding:
            yield Finding(
                context.rule_span(r.rule),
                "a port in the range of automatic port selection cannot be reserved strictly",
            )


RULE = Rule(
    code="COR002",
    name="reserved-automatic-port",
    title="reserved port among the automatic ones",
    severity="warning",
    why="""\
The kernel asks about every candidate of automatic port selection with a malformed address, so
a port in that range cannot be kept for one cell strictly.""",
    bad="""\
cell web {
    profile confined;
    listen tcp 50000;
}
assert never web system.reboot;
test "no reboot" { deny web system.reboot; }
""",
    good="""\
cell web {
    profile confined;
    listen tcp 5000;
}
assert never web system.reboot;
test "no reboot" { deny web system.reboot; }
""",
    remedy="""\
listen below `anonportmin` (49152 unless `host` sets it), or list the port in the sysctls
`net.inet.ip.anonportalgo.reserve` and `net.inet6.ip6.anonportalgo.reserve` in `host`""",
    find=find,
)
