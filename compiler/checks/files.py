"""Lint of what cells see of the file tree."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from compiler.catalogue.words import DEVICE_NODES
from compiler.diagnostics import Diagnostics, Related
from compiler.ir.ir import Cell
from compiler.lowering.lower import Lowered
from compiler.model.policy import Cell as ModelCell
from compiler.model.policy import Policy


def model_cells(policy: Policy) -> dict[str, ModelCell]:
    """The cells as written, by name."""
    return {cell.name: cell for cell in policy.cells}


def shared_roots(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """Cells whose roots lie in each other see and, unless read-only, change each other's files."""
    cells = model_cells(policy)
    owners: dict[str, str] = {}
    for cell in lowered.ir.cells:
        for path in _own(cell):
            owners.setdefault(path, cell.name)
    for cell in lowered.ir.cells:
        for path in (*_own(cell), *([cell.base] if cell.base else [])):
            above = (owners.get(directory) for directory in _upwards(path))
            owner = next((o for o in above if o is not None and o != cell.name), None)
            if owner is not None:
                found.warning(
                    "W0812",
                    f"`{path}` of the cell `{cell.name}` lies among the files of `{owner}`",
                    cells[cell.name].span,
                    "give each cell a root of its own; they can share a `base` beside the roots",
                    [Related(cells[owner].span, "the other cell")],
                )
                break


def _own(cell: Cell) -> Iterator[str]:
    """Where the files lie that belong to the cell; with a base, beside its root."""
    if cell.root is not None:
        yield cell.root
        if cell.base is not None:
            yield f"{cell.root}.overlay"


def _upwards(path: str) -> Iterator[str]:
    """A path and the directories above it, without `/`."""
    while path != "/":
        yield path
        path = posixpath.dirname(path)


def unkept_readonly(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """What `exec readonly` asks is done by mounts, which a cell without a root does not have."""
    cells = model_cells(policy)
    for cell in lowered.ir.cells:
        if cell.root is None and cell.exec_readonly:
            spans = [b.exec_readonly for b in cells[cell.name].bodies if b.exec_readonly]
            found.warning(
                "W0813",
                f"`exec readonly` does nothing for `{cell.name}`, which has no root",
                spans[-1],
                "give the cell a `root`: mount flags keep it from running what it writes",
                [Related(cells[cell.name].span, "the cell")],
            )


def cautious_devices(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """Some device nodes hand out more than themselves."""
    for cell in model_cells(policy).values():
        for devices in (x for body in cell.bodies for x in body.devices):
            for name in devices.names:
                if caution := DEVICE_NODES[name].caution:
                    message = f"`{cell.name}` gets the device `{name}`: {caution}"
                    found.note("N0903", message, devices.span, "leave it out if nothing needs it")


def unconfined_files(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """A cell without a root sees the file tree of the host."""
    cells = model_cells(policy)
    for cell in lowered.ir.cells:
        if cell.root is None and cell.service is not None:
            found.note(
                "N0902",
                f"`{cell.name}` has no root: it sees the file tree of the host",
                cells[cell.name].span,
                "give it one with `root`, unless that is what you want",
            )
