"""Ranks cells by what a compromise of each could reach."""

from __future__ import annotations

from compiler.analysis.decisions import Decisions
from compiler.analysis.edges import powers
from compiler.analysis.frame import Frame
from compiler.analysis.influence import Influence
from compiler.analysis.stack import Stack
from compiler.ir.ir import HOST_ROOT, IR
from compiler.record import NamedTuple


class Exposure(NamedTuple):
    """What somebody gains who takes over a cell."""

    cell: str
    host_root: bool
    """Whether root's processes on the host can be influenced, and so everything."""
    reaches: tuple[str, ...]
    """Cells, "host" and "host-root" that can be influenced, directly or not."""
    direct: tuple[str, ...]
    """Of these, the ones that nobody else is needed for."""
    granted: tuple[str, ...]
    """Leaves that the policy grants."""
    powers: tuple[str, ...]
    """Leaves that change the host as a whole and work, or may work, for the cell's user."""
    works: int
    """How many leaves work, or may work, at least for some requests."""
    as_root: bool
    ports: tuple[str, ...]
    """What the cell listens on, such as "tcp 80"."""


def exposures(ir: IR, decisions: Decisions | None = None) -> list[Exposure]:
    """Every cell, the worst to lose first: by reach, then by powers, then by all that works.

    `decisions` are those of the policy where somebody has them.
    """
    decisions = decisions or Decisions(ir)
    frame = decisions.frame
    stack = Stack(ir)
    influence = Influence(decisions)
    granted, working = _leaves(decisions, stack)
    over_host = sum(frame.leaf_bits[leaf.name] for leaf in powers(frame))
    ports: dict[str, list[str]] = {}
    for r in ir.reservations:
        words = [str(low) if low == high else f"{low}..{high}" for low, high in r.ports]
        ports.setdefault(r.cell, []).extend(f"{r.protocol} {word}" for word in words)
    made = []
    for cell in ir.cells:
        reach = influence.reach(cell.name)
        bit = frame.bits[cell.name]
        made.append(
            Exposure(
                cell.name,
                bool(reach & frame.bits[HOST_ROOT]),
                frame.subject_names(reach),
                influence.direct(cell.name),
                _names(frame, granted[bit]),
                _names(frame, working[bit] & over_host),
                working[bit].bit_count(),
                cell.name in stack.as_root,
                tuple(ports.get(cell.name, ())),
            )
        )
    return sorted(made, key=_rank)


def _rank(e: Exposure) -> tuple[object, ...]:
    return (
        not e.host_root,
        -len(e.reaches),
        -len(e.direct),
        -len(e.powers),
        -len(e.granted),
        -e.works,
        e.cell,
    )


def _leaves(decisions: Decisions, stack: Stack) -> tuple[dict[int, int], dict[int, int]]:
    """The leaves granted to each cell, and those of which some requests may work."""
    frame = decisions.frame
    cells = [frame.bits[cell.name] for cell in decisions.ir.cells]
    granted, working = dict.fromkeys(cells, 0), dict.fromkeys(cells, 0)
    rows: dict[int, int] = {}
    for row in decisions.of(frame.everything(sum(cells)), foreign=False):
        actions = row.box.actions & frame.asked
        if not actions or row.effect == "deny":
            continue
        if row.effect == "grant":
            for bit in cells:
                if row.box.subjects & bit:
                    granted[bit] |= actions
        for outcome, box in stack.outcomes(row, frame):
            if outcome.result != "refused":
                rows[box.subjects] = rows.get(box.subjects, 0) | box.actions & frame.asked
    for subjects, actions in rows.items():
        for bit in cells:
            if subjects & bit:
                working[bit] |= actions
    return granted, working


def _names(frame: Frame, actions: int) -> tuple[str, ...]:
    return tuple(leaf.name for leaf in frame.leaves if frame.leaf_bits[leaf.name] & actions)
