"""What a build for a lesser target loses: each loss is accepted by name or an error."""

from __future__ import annotations

from collections.abc import Collection

from backends.artifact import Backend, LimitedBackend, Loss, LossyBackend, Place
from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.model.policy import Cell
from compiler.source import Span


def loss_names(backends: Collection[Backend]) -> set[str]:
    """Every name that `--accept` takes for these backends."""
    return {name for b in backends if isinstance(b, LossyBackend) for name in b.loss_names}


def report_losses(
    program: Program,
    backends: Collection[Backend],
    accepted: Collection[str],
    found: Diagnostics,
) -> None:
    """An error for each loss that is not accepted, and for all that cannot be said at all."""
    built = {backend.name for backend in backends}
    for backend in backends:
        exceeded = backend.exceeded(program.ir) if isinstance(backend, LimitedBackend) else None
        if exceeded is not None:
            span = _span(program, exceeded.place)
            found.error("E0709", exceeded.message, span, exceeded.help)
        if not isinstance(backend, LossyBackend):
            continue
        losses, refusals = backend.shortfall(program.ir)
        for refusal in refusals:
            span = _span(program, refusal.place)
            found.error("E1002", refusal.message, span, refusal.help)
        for loss in losses:
            if loss.name not in accepted and loss.made_good_by not in built:
                span = _span(program, loss.place)
                found.error("E1001", loss.message, span, _help(backend, loss))


def _help(backend: LossyBackend, loss: Loss) -> str:
    accept = f"`--accept {loss.name}` says that it does not matter"
    if loss.made_good_by:
        return f"add `--backend {loss.made_good_by}`, which does it; or {accept}"
    return f"{accept}: {backend.loss_names[loss.name]}"


def _span(program: Program, place: Place) -> Span | None:
    if place.rule is not None:
        return program.spans[place.rule]
    if not place.cell:
        return _of_host(program, place.setting)
    cell = next(cell for cell in program.policy.cells if cell.name == place.cell)
    return _of_cell(cell, place.setting) or program.policy.permissive or cell.span


def _of_host(program: Program, setting: str) -> Span | None:
    host = program.policy.host
    if setting == "securelevel" and host.securelevel is not None:
        return host.securelevel.span
    return next((node.span for node in host.sysctls), None)


def _of_cell(cell: Cell, setting: str) -> Span | None:
    """Where the most derived body that has a setting has it; the cell's name for anything else."""
    field = "limits" if setting == "processes" else setting
    for body in reversed(cell.bodies) if setting else ():
        value = getattr(body, field)
        items = value if isinstance(value, tuple) and not isinstance(value, Span) else (value,)
        for item in items:
            if setting in ("limits", "processes") and (item.name == "processes") != (
                setting == "processes"
            ):
                continue
            if item is not None:
                return item if isinstance(item, Span) else item.span
    return None if setting == "permissive" else cell.span
