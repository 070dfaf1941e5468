"""Which rules decide anything, in which cells, and which of those the kernel asks in part only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache

from compiler.ir.automatic import touches
from compiler.ir.ir import AUTO, IR, PROTOCOLS, Peers, Ranges, RequestSet, Verdict

_BIND = "network.bind.port"
_PRIVILEGED = "network.bind.privport"


class Effects:
    """Reads the folded verdicts of one policy."""

    def __init__(self, ir: IR, candidates: Ranges, privileged: Ranges) -> None:
        """`candidates` are the ports that the kernel picks by itself, `privileged` those that it
        picks for who asks for such a one.
        """
        self._ir = ir
        self._candidates = candidates
        self._privileged = privileged
        self._actions = [frozenset(names) for names in ir.action_sets]
        self._cells = {cell.name: cell for cell in ir.cells}
        self.deciding = cache(self._deciding)
        self._of_class = cache(self._deciding_in_class)
        self._passed = cache(self._passed_in_class)
        self._low = cache(self._low_in_class)

    def passed(self, rules: Collection[int], cells: Iterable[str]) -> list[str]:
        """The cells in which rules deny a port that the kernel may still pick by itself."""
        return self._where(self._passed, rules, cells)

    def low(self, rules: Collection[int], cells: Iterable[str]) -> list[str]:
        """The cells in which rules deny a privileged port that the kernel may pick."""
        return self._where(self._low, rules, cells)

    def _where(
        self,
        denied: Callable[[int], frozenset[int]],
        rules: Collection[int],
        cells: Iterable[str],
    ) -> list[str]:
        return [c for c in cells if not denied(self._cells[c].class_).isdisjoint(rules)]

    def _deciding(self, cell: str) -> frozenset[int]:
        """The rules (indices) that decide something in a cell."""
        found = self._cells[cell]
        owned = {v.rule for v in found.owned}
        return self._of_class(found.class_) | owned if owned else self._of_class(found.class_)

    def _deciding_in_class(self, class_: int) -> frozenset[int]:
        return frozenset([v.rule for v in self._verdicts(class_)])

    def _verdicts(self, class_: int) -> tuple[Verdict, ...]:
        return self._ir.classes[class_].verdicts

    def deciders(self, rules: Iterable[int], cell: str) -> tuple[int, ...]:
        """The rules that decide in a cell what some other rules are about."""
        wanted = [self._ir.rules[rule].requests for rule in rules]
        found: dict[int, None] = {}
        for verdict in self._verdicts(self._cells[cell].class_):
            if any(self._meet(verdict.requests, requests, cell) for requests in wanted):
                found[verdict.rule] = None
        return tuple(found)

    def _passed_in_class(self, class_: int) -> frozenset[int]:
        """Rules that deny ports of automatic selection without denying selection itself.

        The kernel asks first with port 0; what is refused then is never picked.
        """
        binds = [
            v
            for v in self._verdicts(class_)
            if v.requests.ports
            and v.effect == "deny"
            and _BIND in self._actions[v.requests.actions]
        ]
        if not binds:
            return frozenset()
        safe = {p for v in binds if v.requests.ports and v.requests.ports[0][0] == AUTO
                for p in v.requests.protocols or PROTOCOLS}  # fmt: skip
        return frozenset(
            v.rule
            for v in binds
            if touches(v.requests.ports or (), self._candidates)
            and not safe.issuperset(v.requests.protocols or PROTOCOLS)
        )

    def _low_in_class(self, class_: int) -> frozenset[int]:
        """Rules that deny ports among the privileged ones that the kernel picks."""
        return frozenset(
            v.rule
            for v in self._verdicts(class_)
            if v.requests.ports
            and v.effect == "deny"
            and _PRIVILEGED in self._actions[v.requests.actions]
            and touches(v.requests.ports, self._privileged)
        )

    def _meet(self, a: RequestSet, b: RequestSet, cell: str) -> bool:
        """Whether two sets of requests of a cell have one in common."""
        return (
            not self._actions[a.actions].isdisjoint(self._actions[b.actions])
            and _share(a.protocols, b.protocols)
            and (a.ports is None or b.ports is None or touches(a.ports, b.ports))
            and _share(a.domains, b.domains)
            and _share(a.types, b.types)
            and _share(a.socket_protocols, b.socket_protocols)
            and (a.to is None or b.to is None or _share_peers(a.to, b.to, cell))
        )


def _share(a: tuple[str, ...] | None, b: tuple[str, ...] | None) -> bool:
    return a is None or b is None or not set(a).isdisjoint(b)


def _share_peers(a: Peers, b: Peers, cell: str) -> bool:
    first, second = ({"self" if m == cell else m for m in p.members} for p in (a, b))
    if a.exclude and b.exclude:
        return True
    if a.exclude:
        return not second <= first
    if b.exclude:
        return not first <= second
    return not first.isdisjoint(second)
