"""COR004: a cell that listens on a privileged port as an ordinary user needs a grant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.ir.ir import Request, Reservation
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for r in context.reservations:
        cell = context.cell_by_name[r.cell]
        refused = () if cell.is_root else _refused(context, r)
        if refused:
            ports = _written(refused)
            yield Finding(
                context.rule_span(r.rule),
                f"`{r.cell}` runs as `{cell.enforced.user}` and will be refused {r.protocol}"
                f" port {ports}: only root binds ports below 1024",
                f'add `@reason "..." grant network.bind.privport {r.protocol} port {ports};` to the'
                " cell",
            )


def _refused(context: Context, r: Reservation) -> Sequence[int]:
    """The privileged ports that nobody gives to the cell, which is not root."""
    asked = Request(r.cell, "network.bind.privport", protocol=r.protocol)
    low = (port for a, b in r.ports for port in range(max(a, 1), min(b, 1023) + 1))
    return [port for port in low if context.decides(asked._replace(port=port)) == "allow"]


def _written(ports: Sequence[int]) -> str:
    """Ports as a rule names them."""
    from compiler.analysis.frame import port_bits, port_ranges
    from compiler.analysis.wording import span

    words = [span(*ends) for ends in port_ranges(port_bits(tuple((port, port) for port in ports)))]
    return f"{{{', '.join(words)}}}" if words[1:] else words[0]


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
    remedy="add `grant network.bind.privport` for the port to the cell, with a `@reason`",
    find=find,
)
