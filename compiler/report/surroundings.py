"""What surrounds the processes of cells: files, identity, ports, limits, services; and the host."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from compiler.analysis.wording import span
from compiler.catalogue.sysctl import direction, node_for
from compiler.catalogue.words import RLIMITS
from compiler.driver import Program
from compiler.graph.relations import title_of
from compiler.ir.ir import Cell, Provider, Restart
from compiler.report.places import Places
from compiler.report.view import CellRow, Grant, LimitRow, Port, ServiceRow, SysctlRow


def cells_of(program: Program, as_root: Iterable[str], places: Places) -> tuple[CellRow, ...]:
    """Every cell in name order."""
    written = {cell.name: cell for cell in program.policy.cells}
    root_users = set(as_root)
    rows = []
    for cell in program.ir.cells:
        bodies = written[cell.name]
        made_of = [body.name for body in (*bodies.profiles[::-1], *bodies.templates)]
        user = cell.user or "root"
        rows.append(
            CellRow(
                cell.name,
                cell.id,
                places.at(bodies.span),
                tuple(dict.fromkeys(made_of)),
                user if cell.group is None else f"{user}:{cell.group}",
                cell.groups,
                cell.name in root_users,
                cell.root or "",
                cell.base or "",
                cell.permissive or program.ir.permissive,
                cell.exec_readonly,
                len(cell.exec_hashes),
                cell.devices,
                tuple((m.mode, m.source, m.target) for m in cell.mounts),
                tuple((hook.when, shlex.join(hook.argv)) for hook in cell.hooks),
            )
        )
    return tuple(rows)


def ports_of(program: Program, places: Places) -> tuple[Port, ...]:
    """Who owns which port, in the order of ports."""
    rows = sorted((r.ports, r.protocol, r.cell, r.rule) for r in program.ir.reservations if r.ports)
    return tuple(
        Port(
            protocol,
            ", ".join(span(low, high) for low, high in ports),
            cell,
            places.rule(rule),
        )
        for ports, protocol, cell, rule in rows
    )


def limits_of(program: Program, groups: Mapping[str, Iterable[str]]) -> tuple[LimitRow, ...]:
    """Cells with equal limits together; those without any last."""
    titles = {frozenset(cells): name for name, cells in groups.items()}
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for cell in program.ir.cells:
        alike.setdefault(tuple(_limits(cell)), []).append(cell.name)
    return tuple(
        LimitRow(title_of(names, titles), tuple(names), limits)
        for limits, names in sorted(alike.items(), key=lambda item: (not item[0], item[1]))
    )


def _limits(cell: Cell) -> Iterable[tuple[str, str]]:
    if cell.processes is not None:
        yield "processes", str(cell.processes)
    for limit in cell.limits:
        yield limit.name, _amount(limit.name, limit.value)


def _amount(name: str, value: int | None) -> str:
    """A ceiling as policies write it."""
    if value is None:
        return "unlimited"
    if RLIMITS[name].unit == "bytes" and value:
        for power, letter in ((40, "T"), (30, "G"), (20, "M"), (10, "K")):
            if value % (1 << power) == 0:
                return f"{value >> power}{letter}"
    return str(value)


def services_of(program: Program) -> tuple[ServiceRow, ...]:
    """Services in an order in which they can start."""
    order = _start_order(program.ir.cells)
    rows = []
    for position, cell in enumerate(order, 1):
        service = cell.service
        assert service is not None
        rows.append(
            ServiceRow(
                position,
                cell.name,
                shlex.join(service.command),
                tuple(map(_provider, service.require)),
                tuple(map(_provider, service.before)),
                _restart(service.restart),
                service.manual,
                shlex.join(service.healthcheck),
                tuple(name for name, _ in service.env),
            )
        )
    return tuple(rows)


def _provider(provider: Provider) -> str:
    return f"cell {provider.name}" if provider.kind == "cell" else provider.name


def _restart(restart: Restart | None) -> str:
    if restart is None:
        return ""
    if restart.mode == "never":
        return restart.mode
    return f"{restart.mode}, {restart.backoff_min / 1000:g}s to {restart.backoff_max / 1000:g}s"


def _start_order(cells: Iterable[Cell]) -> list[Cell]:
    """Those that wait for no other cell first, then by name; circles, which are errors, last."""
    serving = {cell.name: cell for cell in cells if cell.service is not None}
    waits: dict[str, set[str]] = {name: set() for name in serving}
    for name, cell in serving.items():
        assert cell.service is not None
        for provider in cell.service.require:
            if provider.kind == "cell" and provider.name in serving:
                waits[name].add(provider.name)
        for provider in cell.service.before:
            if provider.kind == "cell" and provider.name in serving:
                waits[provider.name].add(name)
    order: list[str] = []
    while waits:
        ready = sorted(name for name, first in waits.items() if not first) or sorted(waits)
        order += ready
        for name in ready:
            del waits[name]
        done = set(ready)
        for first in waits.values():
            first -= done
    return [serving[name] for name in order]


def sysctls_of(program: Program, places: Places) -> tuple[SysctlRow, ...]:
    """The settings of the host beside the kernel's own."""
    spans = {s.name: s.span for s in program.policy.host.sysctls}
    rows = []
    for setting in program.ir.host.sysctls:
        node = node_for(setting.name)
        known = node and node_for(node.canonical)
        verdict = {"weaker": "weakens", "stronger": "hardens", "equal": "as it is", None: ""}
        rows.append(
            SysctlRow(
                setting.name,
                setting.value,
                known.default if known else "",
                verdict[direction(setting.name, setting.value)],
                known.summary if known else "",
                places.at(spans[setting.name]) if setting.name in spans else None,
            )
        )
    return tuple(rows)


def grants_of(program: Program, places: Places) -> tuple[Grant, ...]:
    """Every rule that grants, with why and until when."""
    ir = program.ir
    notes = {
        rule.span: rule.meaning.notes
        for cell in program.policy.cells
        for body in cell.bodies
        for rule in body.rules
        if rule.meaning.effect == "grant"
    }
    found: dict[str, tuple[int, list[str]]] = {}
    for cell in ir.cells:
        for layer in cell.layers:
            for rule in ir.layers[layer].rules:
                if ir.rules[rule].effect == "grant":
                    anchor = str(program.spans[rule])
                    found.setdefault(anchor, (rule, []))[1].append(cell.name)
    rows = []
    for rule, names in found.values():
        note = notes.get(program.spans[rule])
        rows.append(
            Grant(
                places.rule(rule),
                tuple(dict.fromkeys(names)),
                (note and note.reason) or "",
                (note and note.owner) or "",
                (note and note.ticket) or "",
                note.until.isoformat() if note and note.until else "",
            )
        )
    return tuple(rows)
