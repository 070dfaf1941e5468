"""The IR to the tables of the kernel module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from backends.artifact import Place, Refusal
from backends.kmod.classes import Classes
from backends.kmod.columns import covered
from backends.kmod.maps import Steps
from backends.kmod.ports import Owners
from backends.kmod.rules import Rules
from backends.kmod.sockets import Axes
from backends.kmod.tables import (
    LIMITS,
    MAX_PORT,
    NO_CEILING,
    UNLIMITED,
    Cell,
    Tables,
)
from compiler.catalogue.words import RLIMITS
from compiler.ir.ir import IR, SELF, Limit, Verdict
from compiler.ir.ir import Cell as SourceCell
from compiler.ir.serialise import policy_hash

_UNKNOWN = Cell(0, "?", False, UNLIMITED, 0, 0, 0, 0, 0, 0, 0, 0)


def build(ir: IR) -> Tables:
    """The tables of a policy whose cells all have an id.

    Equal policies give equal tables.
    """
    cells = sorted(ir.cells, key=lambda cell: cell.id)
    ids = {cell.name: cell.id for cell in cells}
    actions = [covered(ir.target, names) for names in ir.action_sets]
    axes = Axes(rule.requests for rule in ir.rules)
    classes = Classes(actions, ids, axes)
    rules = Rules(ir.rules, actions, ids, axes)
    ceilings: dict[tuple[int, ...], int] = {(NO_CEILING,) * LIMITS: 0}
    owners = Owners(max(ids.values(), default=0) + 1)
    port_steps = _owners(ir, owners, classes, ids)
    class_of = _by_id(cells, _classes_of(ir, cells, classes))
    made = (_UNKNOWN, *_cells(ir, cells, rules, ceilings, owners))
    return Tables(
        policy=ir.policy,
        target=ir.target,
        digest=policy_hash(ir),
        permissive=ir.permissive,
        class_of=class_of,
        cell_of=_by_id(cells, range(1, len(made))),
        classes=classes.classes,
        commons=classes.commons,
        port_tops=classes.port_tops,
        peer_tops=classes.peer_tops,
        pages=classes.pages,
        crossings=classes.crossings,
        port_steps=tuple(port_steps),
        owners=owners.others,
        sockets=classes.sockets,
        domains=axes.domains,
        types=axes.types,
        protocols=axes.protocols,
        cells=made,
        rules=tuple(rules.rules),
        sets=tuple(rules.sets),
        ceilings=tuple(ceilings),
    )


def exceeded(ir: IR) -> Refusal | None:
    """Why there are no tables for a policy: ids and owners of ports share MAX_PORT + 1 numbers."""
    last = max(ir.cells, key=lambda cell: cell.id, default=None)
    owned = [v.requests.ports or () for cell in ir.cells for v in cell.owned]
    ranges = sum(map(len, [*owned, *(r.ports for r in ir.reservations)]))
    if last is None or last.id + 2 * ranges < MAX_PORT:  # where a range begins, and after it
        return None
    owners, left = len(build(ir).owners), MAX_PORT - last.id
    if owners <= left:
        return None
    return Refusal(
        f"owners of ports need {owners} of the numbers above all cell ids, and {left} are left:"
        f" `{last.name}` has the id {last.id}",
        "let cells listen on all their ports with the same protocols, or free the greatest ids:"
        " delete the lines of cells that no host runs any more from the lock file",
        Place(cell=last.name),
    )


def _by_id(cells: Sequence[SourceCell], numbers: Iterable[int]) -> tuple[int, ...]:
    """Numbers of cells, in the order of their ids, as a table by id; 0 fills the gaps."""
    table = [0] * (cells[-1].id + 1 if cells else 1)
    for cell, number in zip(cells, numbers, strict=True):
        table[cell.id] = number
    return tuple(table)


def _classes_of(ir: IR, cells: Sequence[SourceCell], classes: Classes) -> list[int]:
    """The class of each cell; the IR's classes are split where one names the cell itself."""
    named = [
        {m for v in class_.verdicts if v.requests.to is not None for m in v.requests.to.members}
        for class_ in ir.classes
    ]
    made: dict[tuple[int, str], int] = {}
    numbers = []
    for cell in cells:
        key = (cell.class_, cell.name if cell.name in named[cell.class_] else SELF)
        if key not in made:
            made[key] = classes.add(ir.classes[key[0]].verdicts, key[1])
        numbers.append(made[key])
    return numbers


def _cells(
    ir: IR,
    cells: Sequence[SourceCell],
    rules: Rules,
    ceilings: dict[tuple[int, ...], int],
    owners: Owners,
) -> list[Cell]:
    spans = [rules.add(class_.verdicts) for class_ in ir.classes]
    listens: dict[str, set[int]] = {}
    for reservation in ir.reservations:
        listens.setdefault(reservation.cell, set()).add(reservation.rule)
    return [
        Cell(
            cell.id,
            cell.name,
            cell.permissive,
            UNLIMITED if cell.processes is None else min(cell.processes, UNLIMITED - 1),
            ceilings.setdefault(_ceilings(cell.limits), len(ceilings)),
            *spans[cell.class_],
            *rules.add(cell.owned),
            *rules.add(
                Verdict("deny", i, ir.rules[i].requests) for i in sorted(listens.get(cell.name, ()))
            ),
            owners.listening.get(cell.id, 0),
        )
        for cell in cells
    ]


def _ceilings(limits: Sequence[Limit]) -> tuple[int, ...]:
    row = [NO_CEILING] * LIMITS
    for limit in limits:
        if limit.value is not None:
            row[RLIMITS[limit.name].value] = limit.value
    return tuple(row)


def _owners(ir: IR, owners: Owners, classes: Classes, ids: Mapping[str, int]) -> Steps:
    """The owner of each port."""
    reserved = [
        (low, high, ids[r.cell], r.protocol == "udp")
        for r in ir.reservations
        for low, high in r.ports
    ]
    owned = [part for cell in ir.cells for part in classes.owned(cell.owned)]
    return owners.steps(reserved, owned)
