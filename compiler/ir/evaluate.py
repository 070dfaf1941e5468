"""The reference evaluator: what a policy decides, straight from the rules of the language.

Written for clarity; every faster procedure is checked against it.  The language
reference (docs/language.md, "Which rule decides") numbers the points it follows.
"""

from __future__ import annotations

from compiler.catalogue.actions import Leaf
from compiler.ir.ir import (
    HOST,
    HOST_ROOT,
    IR,
    Cell,
    Decision,
    Layer,
    Request,
)
from compiler.ir.requests import Axes, catalogue, layer_sets, leaf_requests, matches

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
        self._targets = [*self._cells, HOST]
        self._axes: dict[tuple[int, ...], Axes] = {}
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
                decided = self._layer(self._ir.layers[index], cell, request)
                if decided is not None:
                    return decided
        return self._default(request)

    def _reserved(self, request: Request) -> Decision | None:
        """Point 4: a port that one cell listens on is denied to all others."""
        for reservation in self._ir.reservations:
            if (
                request.port is not None
                and reservation.protocol == request.protocol
                and reservation.cell != request.subject
                and any(low <= request.port <= high for low, high in reservation.ports)
            ):
                return Decision("deny", reservation.rule)
        return None

    def _layer(self, layer: Layer, cell: Cell, request: Request) -> Decision | None:
        """Points 1, 2 and 4: what one layer says, or None when no rule of it matches."""
        rules = self._ir.rules
        matching = [i for i in layer.rules if matches(self._ir, rules[i].requests, request)]
        explicit = [i for i in matching if not rules[i].listen]
        if not explicit:
            return Decision("allow", min(matching)) if matching else None
        unbeaten = [i for i in explicit if not self._beaten(i, explicit, cell)]
        return Decision(rules[unbeaten[0]].effect, min(unbeaten))

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
            layers = [self._ir.layers[i] for i in cell.layers]
            self._axes[cell.layers] = Axes(layer_sets(self._ir, layers))
        return list(leaf_requests(leaf, cell.name, self._targets, self._axes[cell.layers]))

    def _default(self, request: Request) -> Decision:
        """Point 5: process requests that cross a border are denied, all else is allowed."""
        crosses = request.target is not None and request.target != request.subject
        return _DENIED if crosses else _ALLOWED


def decide(ir: IR, request: Request) -> Decision:
    """The vote on a single request; use `Evaluator` for many."""
    return Evaluator(ir).decide(request)
