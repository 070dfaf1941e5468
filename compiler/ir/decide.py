"""Decides requests from the folded result: quick enough to ask about every request.

`compiler.ir.evaluate` is the reference that this is checked against.
"""

from __future__ import annotations

import bisect
from collections import defaultdict

from compiler.ir.ir import HOST, HOST_ROOT, IR, Cell, Decision, Request, Verdict
from compiler.ir.requests import fits

_Rows = dict[str, list[Verdict]]


class Decider:
    """Answers `decide(request)` for one policy."""

    def __init__(self, ir: IR) -> None:
        self._ir = ir
        self.cells: dict[str, Cell] = {cell.name: cell for cell in ir.cells}
        self._classes: dict[int, _Rows] = {}
        self._owners: dict[str, list[tuple[int, int, str, int]]] = {"tcp": [], "udp": []}
        for r in ir.reservations:
            self._owners[r.protocol] += [(low, high, r.cell, r.rule) for low, high in r.ports]
        for intervals in self._owners.values():
            intervals.sort()

    def decide(self, request: Request) -> Decision:
        """The vote of the policy on one request, and the rule (an index) that decides."""
        if request.subject == HOST_ROOT:
            return Decision("allow", None)
        owner = self._owner(request)
        if owner is not None and owner[0] != request.subject:
            return Decision("deny", owner[1])
        if request.subject != HOST:
            cell = self.cells[request.subject]
            owned = cell.owned if owner is not None else ()
            rows = self._rows(cell.class_).get(request.action, ())
            for verdict in (*(v for v in owned if self._names(v, request.action)), *rows):
                if fits(verdict.requests, request):
                    return Decision(verdict.effect, verdict.rule)
        crosses = request.target is not None and request.target != request.subject
        return Decision("deny" if crosses else "allow", None)

    def _owner(self, request: Request) -> tuple[str, int] | None:
        intervals = self._owners.get(request.protocol or "", [])
        if request.port is None or not intervals:
            return None
        i = bisect.bisect_right(intervals, (request.port, 65536)) - 1
        if i < 0 or request.port > intervals[i][1]:
            return None
        return intervals[i][2:]

    def _rows(self, class_: int) -> _Rows:
        """The verdicts of a class by leaf."""
        rows = self._classes.get(class_)
        if rows is None:
            rows = defaultdict(list)
            for verdict in self._ir.classes[class_].verdicts:
                for name in self._ir.action_sets[verdict.requests.actions]:
                    rows[name].append(verdict)
            self._classes[class_] = rows = dict(rows)
        return rows

    def _names(self, verdict: Verdict, action: str) -> bool:
        return action in self._ir.action_sets[verdict.requests.actions]
