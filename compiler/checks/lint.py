"""Findings about policies that compile and yet do not do what they seem to."""

from __future__ import annotations

from collections.abc import Callable

from compiler.diagnostics import Diagnostics, Related
from compiler.ir.decide import Decider
from compiler.ir.ir import AUTO, Cell, Request
from compiler.lowering.lower import Lowered
from compiler.model.policy import Cell as ModelCell
from compiler.model.policy import Policy
from compiler.source import Span

Lint = Callable[[Policy, Lowered, Diagnostics], None]

#: net.inet.ip.anonportmin and anonportmax of a kernel nobody tuned (sysctl(7)).
ANON_PORTS = (49152, 65535)


def _names(policy: Policy) -> dict[str, ModelCell]:
    return {cell.name: cell for cell in policy.cells}


def blocked_ephemeral(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """A cell that may open sockets but gets no port automatically cannot connect out."""
    decider = lowered.decider
    for cell in lowered.ir.cells:
        for protocol in ("tcp", "udp"):
            opened = Request(
                cell.name, "network.socket.open", domain="inet", type="stream",
                socket_protocol="other",
            )  # fmt: skip
            if decider.decide(opened).effect == "deny":
                continue
            port = _blocked_port(decider, cell.name, protocol)
            if port is None:
                continue
            rule = decider.decide(port).rule
            if rule is None or _shipped(lowered.spans[rule]):
                continue
            found.warning(
                "W0808",
                f"`{cell.name}` cannot connect: it gets no {protocol} port automatically",
                lowered.spans[rule],
                "connect(2) asks for a port too; leave `port auto` and the ports from"
                f" {ANON_PORTS[0]} on out of the rule, or deny network.socket.open as well",
            )


def _blocked_port(decider: Decider, cell: str, protocol: str) -> Request | None:
    for port in (AUTO, *ANON_PORTS):
        request = Request(cell, "network.bind.port", protocol=protocol, port=port)
        if decider.decide(request).effect == "deny":
            return request
    return None


def _shipped(span: Span) -> bool:
    return span.file.startswith("<cellc>/")


def reserved_ephemeral(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """A reserved port among those the kernel picks by itself is only mostly reserved."""
    for reservation in lowered.ir.reservations:
        if any(high >= ANON_PORTS[0] for _, high in reservation.ports):
            found.warning(
                "W0809",
                "a port in the range of automatic port selection cannot be reserved strictly",
                lowered.spans[reservation.rule],
                f"listen below {ANON_PORTS[0]}, or move net.inet.ip.anonportmin above the port",
            )


def no_devices(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """Without device.rawio_spec no device node can be opened, /dev/null included."""
    decider = lowered.decider
    cells = _names(policy)
    for cell in lowered.ir.cells:
        decision = decider.decide(Request(cell.name, "device.rawio_spec.read"))
        if decision.effect != "deny" or decision.rule is None:
            continue
        span = lowered.spans[decision.rule]
        if cell.devices:
            setting = next(x for body in cells[cell.name].bodies for x in body.devices)
            found.warning(
                "W0810",
                f"`{cell.name}` has devices that it is denied to open",
                setting.span,
                "allow device.rawio_spec, or remove `devices`",
                [Related(span, "denied here")],
            )
        elif cell.service is not None:
            found.note(
                "N0901",
                f"`{cell.name}` cannot open any device node, not even /dev/null",
                cells[cell.name].span,
                "most daemons need it; `profile confined` leaves device nodes to file modes",
            )


def powerless_privport(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """A cell that listens on a privileged port as an ordinary user needs a grant."""
    decider = lowered.decider
    by_name = {cell.name: cell for cell in lowered.ir.cells}
    for r in lowered.ir.reservations:
        low = next((max(a, 1) for a, _ in r.ports if a < 1024), None)
        cell = by_name[r.cell]
        if low is None or not _unprivileged(cell):
            continue
        request = Request(r.cell, "network.bind.privport", protocol=r.protocol, port=low)
        if decider.decide(request).effect == "allow":
            found.warning(
                "W0811",
                f"`{r.cell}` runs as `{cell.user}` and will be refused {r.protocol} port {low}:"
                " only root binds ports below 1024",
                lowered.spans[r.rule],
                f"add `grant network.bind.privport {r.protocol} port {low};` to the cell",
            )


def _unprivileged(cell: Cell) -> bool:
    return cell.user is not None and cell.user not in ("0", "root", "toor")


def shared_roots(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """Two cells with one root see and, unless it is read-only, change each other's files."""
    first: dict[str, ModelCell] = {}
    cells = _names(policy)
    for cell in lowered.ir.cells:
        if cell.root is None:
            continue
        mine = cells[cell.name]
        other = first.setdefault(cell.root, mine)
        if other is not mine:
            found.warning(
                "W0812",
                f"the cells `{other.name}` and `{cell.name}` share the root `{cell.root}`",
                mine.span,
                "give each a root of its own; they can share a `base`",
                [Related(other.span, "the other cell")],
            )


def unconfined_files(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """A cell without a root sees the file tree of the host."""
    cells = _names(policy)
    for cell in lowered.ir.cells:
        if cell.root is None and cell.service is not None:
            found.note(
                "N0902",
                f"`{cell.name}` has no root: it sees the file tree of the host",
                cells[cell.name].span,
                "give it one with `root`, unless that is what you want",
            )


#: In the order of their codes.
LINTS: tuple[Lint, ...] = (
    blocked_ephemeral,
    reserved_ephemeral,
    no_devices,
    powerless_privport,
    shared_roots,
    unconfined_files,
)
