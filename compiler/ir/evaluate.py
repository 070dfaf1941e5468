"""The reference evaluator: what a policy decides, straight from the rules of the language.

Written for clarity; every faster procedure is checked against it.  The language
reference (docs/language.md, "Which rule decides") numbers the points it follows.
"""

from __future__ import annotations

from bisect import bisect_right

from compiler.catalogue.actions import Leaf
from compiler.ir.ir import (
    HOST,
    HOST_ROOT,
    IR,
    Cell,
    Decision,
    Request,
)
from compiler.ir.requests import Axes, catalogue, fits, layer_sets, leaf_requests, matches

_ALLOWED = Decision("allow", None)
_DENIED = Decision("deny", None)


class Evaluator:
    """Answers `decide(request)` for one policy.

    Request sets of rules are kept as explicit sets of requests, so that "is a
    strict subset of" means just that.
    """

    def __init__(self, ir: IR) -> None:
        self._ir = ir
        self._catalogue = catalogue(ir)
        self._cells = {cell.name: cell for cell in ir.cells}
        self._owners: dict[str, list[tuple[int, int, str, int]]] = {}
        for r in ir.reservations:
            owned = [(low, high, r.cell, r.rule) for low, high in r.ports]
            self._owners.setdefault(r.protocol, []).extend(owned)
        for owners in self._owners.values():
            owners.sort()
        self._about: dict[int, dict[str, list[int]]] = {}
        self._axes: dict[tuple[int, ...], tuple[Axes, set[str]]] = {}
        self._extents: dict[tuple[str, int], frozenset[Request]] = {}

    def decide(self, request: Request) -> Decision:
        """The vote of the policy on one request, and the rule (an index) that decides."""
        if request.subject == HOST_ROOT:
            return _ALLOWED
        reserved = self._reserved(request)
        if reserved is not None:
            return reserved
        if request.subject != HOST:
            cell = self._cells[request.subject]
            for index in reversed(cell.layers):
                decided = self._layer(index, cell, request)
                if decided is not None:
                    return decided
        return self._default(request)

    def _reserved(self, request: Request) -> Decision | None:
        """Point 4: a port that one cell listens on is denied to all others."""
        if request.port is None:
            return None
        owners = self._owners.get(request.protocol or "", [])
        place = bisect_right(owners, request.port, key=lambda owner: owner[0]) - 1
        if place >= 0 and request.port <= owners[place][1] and owners[place][2] != request.subject:
            return Decision("deny", owners[place][3])
        return None

    def _layer(self, layer: int, cell: Cell, request: Request) -> Decision | None:
        """Points 1, 2 and 4: what one layer says, or None when no rule of it matches."""
        rules = self._ir.rules
        about = self._rules_about(layer, request.action)
        matching = [i for i in about if fits(rules[i].requests, request)]
        explicit = [i for i in matching if not rules[i].listen]
        if not explicit:
            return Decision("allow", matching[0]) if matching else None
        unbeaten = explicit
        if len(explicit) > 1:
            unbeaten = [i for i in explicit if not self._beaten(i, explicit, cell)]
        return Decision(rules[unbeaten[0]].effect, unbeaten[0])

    def _rules_about(self, layer: int, action: str) -> list[int]:
        """The rules of a layer (an index) that are about an action."""
        if layer not in self._about:
            about = self._about[layer] = {}
            for rule in self._ir.layers[layer].rules:
                for name in self._ir.action_sets[self._ir.rules[rule].requests.actions]:
                    about.setdefault(name, []).append(rule)
        return self._about[layer].get(action, [])

    def _beaten(self, rule: int, others: list[int], cell: Cell) -> bool:
        """Point 2: whether another rule's set of requests is a strict subset of this one's."""
        extent = self.extent(rule, cell)
        return any(self.extent(other, cell) < extent for other in others if other != rule)

    def extent(self, rule: int, cell: Cell) -> frozenset[Request]:
        """The requests of a cell that a rule (an index) matches, one for each class."""
        key = (cell.name, rule)
        if key not in self._extents:
            requests = self._ir.rules[rule].requests
            leaves = [
                self._catalogue.by_name[name] for name in self._ir.action_sets[requests.actions]
            ]
            self._extents[key] = frozenset(
                request
                for leaf in leaves
                for request in self._classes(leaf, cell)
                if matches(self._ir, requests, request)
            )
        return self._extents[key]

    def _classes(self, leaf: Leaf, cell: Cell) -> list[Request]:
        """The classes of one leaf that the rules of this cell's layers can tell apart."""
        if cell.layers not in self._axes:
            sets = list(layer_sets(self._ir, [self._ir.layers[i] for i in cell.layers]))
            named = {m for r in sets if r.to is not None for m in r.to.members}
            self._axes[cell.layers] = Axes(sets), named & self._cells.keys()
        axes, named = self._axes[cell.layers]
        targets = [cell.name, *sorted(named - {cell.name}), HOST]
        other = next((name for name in self._cells if name not in targets), None)
        return list(leaf_requests(leaf, cell.name, [*targets, *([other] if other else [])], axes))

    def _default(self, request: Request) -> Decision:
        """Point 5: process requests that cross a border are denied, all else is allowed."""
        crosses = request.target is not None and request.target != request.subject
        return _DENIED if crosses else _ALLOWED


def decide(ir: IR, request: Request) -> Decision:
    """The vote on a single request; use `Evaluator` for many."""
    return Evaluator(ir).decide(request)
