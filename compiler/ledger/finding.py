"""What was found out about a statement: what enforces it, and where that falls short."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from compiler.record import NamedTuple, record
from compiler.source import Span
from compiler.syntax import tree as t

Status = Literal["enforced", "approximated", "not enforceable", "nothing to enforce"]
Direction = Literal["lets more through", "refuses more"]

#: Cells that a sentence names before it only counts the rest.
_NAMED = 3


class Means(NamedTuple):
    """Something that enforces a statement; `backend` makes the artifact, "" for none."""

    backend: str
    artifact: str
    """Relative to the build directory; `*` stands for the name of each cell it is about."""
    what: str
    parts: tuple[str, ...] = ()
    """Where in the artifact: arrays of the tables, or texts that stand in it, all of them."""


class Gap(NamedTuple):
    """Where enforcement falls short; without a direction there is none at all."""

    why: str
    direction: Direction | None = None
    remedy: str = ""
    """What would close it."""


@record
class Finding:
    """`direction` belongs to what is approximated, `why` to all but what is enforced."""

    status: Status
    by: tuple[Means, ...] = ()
    why: str = ""
    direction: Direction | None = None
    notes: tuple[str, ...] = ()
    remedy: str = ""
    """What to do about a hole."""


class Overridden(NamedTuple):
    """Cells in which other statements decide, and those of the first such cell."""

    cells: tuple[str, ...]
    by: tuple[Span, ...]


class Entry(NamedTuple):
    """One statement of the source."""

    statement: t.Statement
    cells: tuple[str, ...]
    """The cells it applies to, in name order."""
    finding: Finding
    rule: int | None = None
    """The id of an access rule or `listen` that is in the tables."""
    overridden: Overridden | None = None


def nothing(why: str, notes: tuple[str, ...] = ()) -> Finding:
    """The finding about a statement that asks for nothing."""
    return Finding("nothing to enforce", why=why, notes=notes)


def judge(
    by: Sequence[Means],
    gaps: Iterable[Gap],
    notes: Iterable[str],
    backends: frozenset[str],
) -> Finding:
    """The finding about a statement that all of `by` enforce together, in one build."""
    missing = [m for m in by if m.backend and m.backend not in backends]
    found = [_left_out(means) for means in missing]
    found += gaps
    kept = tuple(dict.fromkeys(notes))
    if not found:
        return Finding("enforced", tuple(by), notes=kept)
    none = [gap for gap in found if gap.direction is None]
    why = "; ".join(dict.fromkeys(gap.why for gap in none or found))
    remedy = "; ".join(dict.fromkeys(gap.remedy for gap in none or found if gap.remedy))
    if none:
        return Finding("not enforceable", why=why, notes=kept, remedy=remedy)
    more = any(gap.direction == "lets more through" for gap in found)
    direction: Direction = "lets more through" if more else "refuses more"
    return Finding("approximated", tuple(by), why, direction, kept, remedy)


def _left_out(means: Means) -> Gap:
    why = f"this build has no {means.artifact}: `{means.backend}` was left out"
    return Gap(why, remedy=f"build with `--backend {means.backend}` too")


def over(cells: Sequence[str], gaps_of: Callable[[str], Iterable[Gap]]) -> list[Gap]:
    """The gaps that some cells have, as `spread` says them."""
    if len(cells) == 1:
        return list(dict.fromkeys(gaps_of(cells[0])))
    where: dict[Gap, list[str]] = {}
    for cell in cells:
        for gap in gaps_of(cell):
            where.setdefault(gap, []).append(cell)
    return [spread(gap, names, cells) for gap, names in where.items()]


def spread(gap: Gap, having: Sequence[str], cells: Sequence[str]) -> Gap:
    """A gap among several cells: one that only some of them have names those."""
    if len(having) == len(cells):
        return gap
    return Gap(f"in {listed(having)}: {gap.why}", gap.direction or "lets more through", gap.remedy)


def listed(names: Sequence[str]) -> str:
    """A few names for a sentence, and how many more there are."""
    shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
    more = len(names) - _NAMED
    return shown if more <= 0 else f"{shown} and {more} more"
