"""Which rules decide anything, in which cells, and which of those the kernel asks in part only."""

from __future__ import annotations

from collections.abc import Iterable

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
        by_class = [frozenset({v.rule for v in c.verdicts}) for c in ir.classes]
        passed = [self._passed(c.verdicts) for c in ir.classes]
        low = [self._low(c.verdicts) for c in ir.classes]
        self.deciding: dict[str, frozenset[int]] = {}
        """By cell: the rules (indices) that decide something in it."""
        self.passed: dict[int, set[str]] = {}
        """By rule: cells in which it denies a port that the kernel may still pick by itself."""
        self.low: dict[int, set[str]] = {}
        """By rule: cells in which it denies a privileged port that the kernel may pick."""
        self._verdicts: dict[str, tuple[Verdict, ...]] = {}
        for cell in ir.cells:
            self.deciding[cell.name] = by_class[cell.class_]
            for rule in passed[cell.class_]:
                self.passed.setdefault(rule, set()).add(cell.name)
            for rule in low[cell.class_]:
                self.low.setdefault(rule, set()).add(cell.name)
            self._verdicts[cell.name] = ir.classes[cell.class_].verdicts
            if cell.owned:
                owned = frozenset(v.rule for v in cell.owned)
                self.deciding[cell.name] = by_class[cell.class_] | owned

    def deciders(self, rules: Iterable[int], cell: str) -> tuple[int, ...]:
        """The rules that decide in a cell what some other rules are about."""
        wanted = [self._ir.rules[rule].requests for rule in rules]
        found: dict[int, None] = {}
        for verdict in self._verdicts[cell]:
            if any(self._meet(verdict.requests, requests, cell) for requests in wanted):
                found[verdict.rule] = None
        return tuple(found)

    def _passed(self, verdicts: Iterable[Verdict]) -> frozenset[int]:
        """Rules that deny ports of automatic selection without denying selection itself.

        The kernel asks first with port 0; what is refused then is never picked.
        """
        binds = [
            v
            for v in verdicts
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

    def _low(self, verdicts: Iterable[Verdict]) -> frozenset[int]:
        """Rules that deny ports among the privileged ones that the kernel picks."""
        return frozenset(
            v.rule
            for v in verdicts
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
