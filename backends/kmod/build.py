"""The IR to the tables of the kernel module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from backends.kmod.classes import Classes
from backends.kmod.columns import covered
from backends.kmod.maps import Maps, Steps, sums
from backends.kmod.ports import Ports
from backends.kmod.rules import Rules
from backends.kmod.sockets import Axes
from backends.kmod.tables import (
    LIMITS,
    MAX_PORT,
    NO_CEILING,
    UNLIMITED,
    Cell,
    Class,
    Owner,
    Tables,
)
from compiler.catalogue.words import RLIMITS
from compiler.ir.ir import IR, SELF, Limit
from compiler.ir.ir import Cell as SourceCell
from compiler.ir.serialise import policy_hash

_UNKNOWN = Cell(0, "?", False, UNLIMITED, 0, 0, 0, 0, 0)


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
    owners, owned = _owners(ir, classes, ids)
    class_of = _by_id(cells, _classes_of(ir, cells, classes))
    gathered = classes.gathered
    ports = Ports({made.ports for made in gathered}, owned)
    maps = Maps()
    laid_out = tuple(
        Class(*g[1:4], maps.add(g.peers), maps.add(ports.by_number(g.ports)), g.socket)
        for g in gathered
    )
    made = (_UNKNOWN, *_cells(ir, cells, rules, ceilings))
    return Tables(
        policy=ir.policy,
        target=ir.target,
        digest=policy_hash(ir),
        permissive=ir.permissive,
        class_of=class_of,
        cell_of=_by_id(cells, range(1, len(made))),
        rows=tuple(g.row for g in gathered),
        crossings=classes.crossings,
        port_steps=tuple(ports.steps),
        free_ports=ports.free,
        tops=tuple(maps.tops),
        pages=tuple(maps.pages),
        sockets=classes.sockets,
        domains=axes.domains,
        types=axes.types,
        protocols=axes.protocols,
        classes=laid_out,
        owners=tuple(owners[number] for number in ports.owners),
        cells=made,
        rules=tuple(rules.rules),
        sets=tuple(rules.sets),
        ceilings=tuple(ceilings),
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
    ir: IR, cells: Sequence[SourceCell], rules: Rules, ceilings: dict[tuple[int, ...], int]
) -> list[Cell]:
    spans = [rules.add(class_.verdicts) for class_ in ir.classes]
    return [
        Cell(
            cell.id,
            cell.name,
            cell.permissive,
            UNLIMITED if cell.processes is None else min(cell.processes, UNLIMITED - 1),
            ceilings.setdefault(_ceilings(cell.limits), len(ceilings)),
            *spans[cell.class_],
            *rules.add(cell.owned),
        )
        for cell in cells
    ]


def _ceilings(limits: Sequence[Limit]) -> tuple[int, ...]:
    row = [NO_CEILING] * LIMITS
    for limit in limits:
        if limit.value is not None:
            row[RLIMITS[limit.name].value] = limit.value
    return tuple(row)


def _owners(ir: IR, classes: Classes, ids: Mapping[str, int]) -> tuple[list[Owner], Steps]:
    """The owners of ports, the first of which is nobody, and the number of each port's owner.

    A port has one owner per protocol, so the fields of an owner add up from its parts.
    """
    parts = []
    for reservation in ir.reservations:
        cell, rule = ids[reservation.cell], ir.rules[reservation.rule].id
        tcp = reservation.protocol == "tcp"
        owner = Owner(cell, 0, rule, 0, 0) if tcp else Owner(0, cell, 0, rule, 0)
        parts += [(low, high, _pack(owner)) for low, high in reservation.ports]
    for source in ir.cells:
        for low, high, bits in classes.owned(source.owned):
            parts.append((low, high, _pack(Owner(0, 0, 0, 0, bits))))
    owners: dict[int, int] = {0: 0}
    steps = [(end, owners.setdefault(number, len(owners))) for end, number in sums(parts, MAX_PORT)]
    return [_unpack(number) for number in owners], steps


def _pack(owner: Owner) -> int:
    return sum(field << 32 * i for i, field in enumerate(owner))


def _unpack(number: int) -> Owner:
    return Owner(*(number >> 32 * i & 0xFFFFFFFF for i in range(len(Owner._fields))))
