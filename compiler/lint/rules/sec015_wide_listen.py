"""SEC015: `listen` with more ports than one service needs."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Option, Rule


def find(context: Context) -> Iterator[Finding]:
    most = context.number(RULE, "ports")
    counts: dict[str, int] = {}
    widest: dict[str, tuple[int, int]] = {}
    for r in context.ir.reservations:
        count = sum(high - low + 1 for low, high in r.ports)
        counts[r.cell] = counts.get(r.cell, 0) + count
        widest[r.cell] = max(widest.get(r.cell, (0, 0)), (count, r.rule))
    for cell, count in counts.items():
        if count > most:
            span = context.rule_span(widest[cell][1])
            yield Finding(span, f"`{cell}` listens on {count} ports")


RULE = Rule(
    code="SEC015",
    name="wide-listen",
    title="cell that listens on very many ports",
    severity="note",
    why="""\
Every port that a cell listens on is taken from all others, and open to whoever gets into
the cell.""",
    bad="""\
cell ftp {
    profile confined;
    listen tcp 20000..39999;
}
assert only ftp network.bind tcp port 20000..39999;
test "ports" { allow ftp network.bind tcp port 20000; }
""",
    good="""\
cell ftp {
    profile confined;
    listen tcp 20000..20099;
}
assert only ftp network.bind tcp port 20000..20099;
test "ports" { allow ftp network.bind tcp port 20000; }
""",
    remedy="listen on the ports that are configured in the service",
    find=find,
    options=(Option("ports", 4096, "how many ports a cell may listen on"),),
)
