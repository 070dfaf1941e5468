"""What cells may do: groups of cells that may do the same, against all actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decided
from compiler.analysis.frame import OWN
from compiler.analysis.query import Query
from compiler.catalogue.voters import Outcome
from compiler.graph.relations import title_of
from compiler.ir.ir import IR, Cell
from compiler.lowering.space import members
from compiler.report.places import Places
from compiler.report.view import Column, Group, Power, Powers, Row, Scope, State
from compiler.sourcemap import hex_id

#: More groups, or more rows about them, would make the page too large to open on a phone.
MOST_GROUPS = 200
MOST_DECISIONS = 4_000

#: What reviewers ask about first.
_ORDER = {"process": 0, "network": 1, "system": 2, "device": 3, "vnode": 4, "machdep": 5}

_LETTERS = {"deny": "-", "allow": "A", "grant": "G", "own": "O", "mixed": "M", "some": "g"}
_WORDS = {
    "deny": "denied",
    "allow": "allowed",
    "grant": "granted",
    "own": "allowed within the cell, denied towards others",
    "mixed": "depends on the request",
    "some": "granted in part",
}


def powers_of(query: Query, ir: IR, ranked: Sequence[str], places: Places) -> Powers:
    """The matrix, and what stands behind it; cells are ranked by exposure, the worst first."""
    groups = _groups(ir, ranked, query)
    titles = {frozenset(cells): name for name, cells in query.reader.groups.items()}
    maker = _Maker(query, ir, places)
    made: list[tuple[Group, _Summary]] = []
    count = 0
    for cells in groups[:MOST_GROUPS]:
        group, summary = maker.group(cells, title_of(_names(cells), titles))
        count += len(group.powers)
        if made and count > MOST_DECISIONS:
            break
        made.append((group, summary))
    columns = _columns(query)
    scopes = tuple(
        Scope(
            name,
            tuple(some),
            tuple(
                Row(n, tuple(summary.state(column.name) for column in some))
                for n, (_, summary) in enumerate(made)
            ),
        )
        for name, some in columns.items()
    )
    unshown = tuple(cell.name for cells in groups[len(made) :] for cell in cells)
    return Powers(tuple(group for group, _ in made), scopes, unshown)


def _names(cells: Sequence[Cell]) -> list[str]:
    return [cell.name for cell in cells]


def _groups(ir: IR, ranked: Sequence[str], query: Query) -> list[list[Cell]]:
    """Cells that decide alike, own ports aside, and whose users are alike to other voters."""
    cells = {cell.name: cell for cell in ir.cells}
    alike: dict[tuple[object, ...], list[Cell]] = {}
    for name in ranked:
        cell = cells[name]
        own = tuple(verdict.effect for verdict in cell.owned)
        permissive = cell.permissive or ir.permissive
        key = (cell.class_, name in query.stack.as_root, own, permissive)
        alike.setdefault(key, []).append(cell)
    return [sorted(group, key=lambda cell: cell.name) for group in alike.values()]


def _columns(query: Query) -> dict[str, list[Column]]:
    """Every action that the kernel asks about, by scope."""
    found: dict[str, dict[str, list[str]]] = {}
    for leaf in query.frame.leaves:
        if leaf.asked:
            found.setdefault(leaf.scope, {}).setdefault(leaf.action, []).append(leaf.summary)
    scopes = sorted(found, key=lambda scope: _ORDER.get(scope, len(_ORDER)))
    return {
        scope: [
            Column(name, name.partition(".")[2], lines[0]) for name, lines in found[scope].items()
        ]
        for scope in scopes
    }


@dataclass
class _Seen:
    """What was decided on requests of one action."""

    own: set[str] = field(default_factory=set)
    """Effects towards the cell itself, where there is a target."""
    others: set[str] = field(default_factory=set)
    results: set[str] = field(default_factory=set)
    """Outcomes of what is not denied."""
    by: dict[str, None] = field(default_factory=dict)
    """Where it is decided, in a few words."""


class _Summary:
    """The states of one group, by action."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def add(self, actions: set[str], row: Decided, has_target: bool, result: str, by: str) -> None:
        for action in actions:
            seen = self._seen.setdefault(action, _Seen())
            if has_target and row.box.targets & OWN:
                seen.own.add(row.effect)
            if not has_target or row.box.targets & ~OWN:
                seen.others.add(row.effect)
            if row.effect != "deny":
                seen.results.add(result)
            seen.by[by] = None

    def state(self, action: str) -> State:
        seen = self._seen[action]
        effects = seen.own | seen.others
        if len(effects) == 1:
            (effect,) = effects
        elif seen.own == {"allow"} and seen.others == {"deny"}:
            effect = "own"
        else:
            effect = "some" if "grant" in effects else "mixed"
        kind, words = ("grant" if effect == "some" else effect), _WORDS[effect]
        if seen.results:
            result = next(iter(seen.results)) if len(seen.results) == 1 else "depends"
            kind += f" {result}"
            words += f", {_OUTCOMES[result]}"
        by = list(seen.by)
        more = f" and {len(by) - 3} more" if len(by) > 3 else ""
        return State(_LETTERS[effect], kind, f"{action}: {words} ({', '.join(by[:3])}{more})")


_OUTCOMES = {
    "works": "works",
    "refused": "refused by another model",
    "depends": "works depending on the host and the request",
}


class _Maker:
    """Asks for one cell of each group what is decided, once for matrix and list."""

    def __init__(self, query: Query, ir: IR, places: Places) -> None:
        self._query = query
        self._ir = ir
        self._places = places
        frame = query.frame
        self._actions = {i: leaf.action for i, leaf in enumerate(frame.leaves)}
        self._known: Mapping[int, str] = {}

    def group(self, cells: Sequence[Cell], title: str) -> tuple[Group, _Summary]:
        query, frame = self._query, self._query.frame
        first = cells[0]
        every = [
            box._replace(actions=box.actions & frame.asked)
            for box in frame.everything(frame.bits[first.name])
            if box.actions & frame.asked
        ]
        decided = list(query.decisions.of(every, foreign=False))
        summary = _Summary()
        for row in decided:
            for outcome, box in query.stack.outcomes(row, frame):
                self._summarise(summary, row._replace(box=box), outcome)
        powers = tuple(
            Power(
                row.decision.effect,
                row.text.partition(" ")[2],
                row.result,
                row.by if row.result == "refused" else "",
                None if row.decision.rule is None else self._places.rule(row.decision.rule),
                "" if row.decision.rule is None else hex_id(self._ir.rules[row.decision.rule].id),
            )
            for row in query.rows(decided)
        )
        return Group(title, tuple(_names(cells)), self._note(cells), powers), summary

    def _summarise(self, summary: _Summary, row: Decided, outcome: Outcome) -> None:
        actions = {self._actions[i] for i in members(row.box.actions)}
        leaf = self._query.frame.leaves[_first(row.box)]
        by = "by default" if row.rule is None else self._places.rule(row.rule).label
        has_target = leaf.dimension in ("target", "self")
        summary.add(actions, row, has_target, outcome.result, by)

    def _note(self, cells: Sequence[Cell]) -> str:
        words = ["as root" if cells[0].name in self._query.stack.as_root else "not as root"]
        if cells[0].permissive or self._ir.permissive:
            words.append("permissive: what is denied is logged and let pass")
        if len(cells) > 1 and cells[0].owned:
            words.append(f"ports are those of {cells[0].name}")
        return "; ".join(words)


def _first(box: Box) -> int:
    return (box.actions & -box.actions).bit_length() - 1
