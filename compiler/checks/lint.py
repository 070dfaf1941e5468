"""Findings about policies that compile and yet do not do what they seem to."""

from __future__ import annotations

from collections.abc import Callable

from compiler.checks import files, order
from compiler.diagnostics import Diagnostics, Related
from compiler.ir.decide import Decider
from compiler.ir.ir import AUTO, Cell, Request
from compiler.lowering.lower import Lowered
from compiler.model.policy import Policy
from compiler.source import Span

Lint = Callable[[Policy, Lowered, Diagnostics], None]

#: net.inet.ip.anonportmin and anonportmax of a kernel nobody tuned (sysctl(7)).
ANON_PORTS = (49152, 65535)


def blocked_ephemeral(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """A cell that may open sockets but gets no port automatically cannot connect out."""
    decider = lowered.decider
    for cell in lowered.ir.cells:
        opened = Request(
            cell.name, "network.socket.open", domain="inet", type="stream", socket_protocol="other"
        )
        if decider.decide(opened).effect == "deny":
            continue
        blocked: dict[int, list[str]] = {}
        for protocol in ("tcp", "udp"):
            port = _blocked_port(decider, cell.name, protocol)
            rule = None if port is None else decider.decide(port).rule
            if rule is not None and not _shipped(lowered.spans[rule]):
                blocked.setdefault(rule, []).append(protocol)
        for rule, protocols in blocked.items():
            found.warning(
                "W0808",
                f"`{cell.name}` cannot connect: it gets no {' or '.join(protocols)} port"
                " automatically",
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
    cells = files.model_cells(policy)
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


def permissive(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """What is permissive is not protected."""
    if policy.permissive is not None:
        message = "the whole policy is permissive: denials are logged and not enforced"
        found.note("N0904", message, policy.permissive, "remove it before you rely on the policy")
    for cell in policy.cells:
        spans = [body.permissive for body in cell.bodies if body.permissive is not None]
        if spans:
            message = f"`{cell.name}` is permissive: its denials are logged and not enforced"
            found.note("N0904", message, spans[-1], "remove it before you rely on the policy")


#: In the order of their codes.
LINTS: tuple[Lint, ...] = (
    blocked_ephemeral,
    reserved_ephemeral,
    no_devices,
    powerless_privport,
    files.shared_roots,
    files.unkept_readonly,
    order.rc_providers_known,
    files.unconfined_files,
    files.cautious_devices,
    permissive,
)
