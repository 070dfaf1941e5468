"""Decides requests from the folded result: quick enough to ask about every request.

`compiler.ir.evaluate` is the reference that this is checked against.
"""

from __future__ import annotations

import bisect
from functools import cached_property

from compiler.ir.ir import HOST, HOST_ROOT, IR, OTHER, Cell, Decision, Request, Verdict
from compiler.ir.requests import Words, fits, words_of_rules


class Decider:
    """Answers `decide(request)` for one policy."""

    def __init__(self, ir: IR) -> None:
        self._ir = ir
        self.cells: dict[str, Cell] = {cell.name: cell for cell in ir.cells}
        self._about: dict[int, dict[str, list[Verdict]]] = {}
        """The rows of a class by the actions that they are about."""
        self._owners: dict[str, list[tuple[int, int, str, int]]] = {"tcp": [], "udp": []}
        for r in ir.reservations:
            self._owners[r.protocol] += [(low, high, r.cell, r.rule) for low, high in r.ports]
        for intervals in self._owners.values():
            intervals.sort()

    @cached_property
    def _words(self) -> Words:
        return words_of_rules(self._ir.rules)

    def decide(self, request: Request) -> Decision:
        """The vote of the policy on one request, and the rule (an index) that decides."""
        if request.subject == HOST_ROOT:
            return Decision("allow", None)
        if request.domain is not None or request.socket_protocol is not None:
            request = self._named(request)
        owner = self._owner(request)
        if owner is not None and owner[0] != request.subject:
            return Decision("deny", owner[1])
        if request.subject != HOST:
            cell = self.cells[request.subject]
            if owner is not None:
                for verdict in cell.owned:
                    actions = self._ir.action_sets[verdict.requests.actions]
                    if request.action in actions and fits(verdict.requests, request):
                        return Decision(verdict.effect, verdict.rule)
            for verdict in self._rows(cell.class_).get(request.action, ()):
                if fits(verdict.requests, request):
                    return Decision(verdict.effect, verdict.rule)
        crosses = request.target is not None and request.target != request.subject
        return Decision("deny" if crosses else "allow", None)

    def _rows(self, class_: int) -> dict[str, list[Verdict]]:
        about = self._about.get(class_)
        if about is None:
            about = self._about[class_] = {}
            for verdict in self._ir.classes[class_].verdicts:
                for name in self._ir.action_sets[verdict.requests.actions]:
                    about.setdefault(name, []).append(verdict)
        return about

    def _named(self, request: Request) -> Request:
        """A socket request in the words of the policy: what no rule names is "other"."""
        words = self._words
        protocol = request.socket_protocol
        return request._replace(
            domain=request.domain if request.domain in words.domains else OTHER,
            type=request.type if request.type in words.types else OTHER,
            socket_protocol=protocol if protocol in words.socket_protocols else OTHER,
        )

    def _owner(self, request: Request) -> tuple[str, int] | None:
        intervals = self._owners.get(request.protocol or "", [])
        if request.port is None or not intervals:
            return None
        i = bisect.bisect_right(intervals, (request.port, 65536)) - 1
        if i < 0 or request.port > intervals[i][1]:
            return None
        return intervals[i][2:]
