"""COR004: a cell that listens on a privileged port as an ordinary user needs a grant."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Request
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for r in context.reservations:
        low = next((max(a, 1) for a, _ in r.ports if a < 1024), None)
        cell = context.cell_by_name[r.cell]
        if low is None or cell.is_root:
            continue
        request = Request(r.cell, "network.bind.privport", protocol=r.protocol, port=low)
        if context.decides(request) == "allow":
            yield Finding(
                context.rule_span(r.rule),
                f"`{r.cell}` runs as `{cell.enforced.user}` and will be refused {r.protocol}"
                f" port {low}: only root binds ports below 1024",
                f"add `grant network.bind.privport {r.protocol} port {low};` to the cell",
            )


RULE = Rule(
    code="COR004",
    name="powerless-listen",
    title="privileged port without a privilege",
    severity="warning",
    why="""\
The cell listens on a port below 1024 but does not run as root. Its own vote is to allow this,
yet only root, or a grant, gets such a port.""",
    bad="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
}
assert never web system.reboot;
test "no reboot" { deny web system.reboot; }
""",
    good="""\
cell web {
    profile confined;
    user "www";
    listen tcp 80;
    @reason "binds its own port"
    grant network.bind.privport tcp port 80;
}
assert never web system.reboot;
test "the port" { grant web network.bind tcp port 80; }
""",
    remedy="add `grant network.bind.privport` for the port to the cell",
    find=find,
)
