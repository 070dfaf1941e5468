"""COR017: `listen` that leaves nobody else a port to connect from."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.automatic import FAMILIES, candidates, touches
from compiler.lint.context import Context
from compiler.lint.ports import hoarders
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    automatic = candidates(context.ir.host)
    left = dict(context.memo(hoarders))
    for r in context.reservations:
        if touches(r.ports, automatic) and (families := left.pop((r.cell, r.protocol), None)):
            over = "" if len(families) == len(FAMILIES) else f" over {families[0]}"
            yield Finding(
                context.rule_span(r.rule),
                f"`{r.cell}` listens on every {r.protocol} port that the kernel picks by itself:"
                f" nobody else can open a connection{over}",
            )


RULE = Rule(
    code="COR017",
    name="no-port-left",
    title="all automatic ports in one cell's hands",
    severity="warning",
    why="""\
Whoever connects without a port of its own is given one between anonportmin and anonportmax, and
the kernel asks about each candidate. Where one cell listens on all of them, every candidate is
denied to other cells and to unprivileged processes of the host: connect(2) and send(2) fail.""",
    bad="""\
cell web {
    profile confined;
    listen tcp 50000..50099;
}
host {
    securelevel 1;
    sysctl net.inet.ip.anonportmin = 50000;
    sysctl net.inet.ip.anonportmax = 50099;
}
assert never web system.reboot;
test "no reboot" { deny web system.reboot; }
""",
    good="""\
cell web {
    profile confined;
    listen tcp 5000..5099;
}
host {
    securelevel 1;
    sysctl net.inet.ip.anonportmin = 50000;
    sysctl net.inet.ip.anonportmax = 50099;
}
assert never web system.reboot;
test "no reboot" { deny web system.reboot; }
""",
    remedy="listen on the ports that are configured in the service",
    find=find,
)
