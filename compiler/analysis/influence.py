"""Which cells can influence which: what `assert never A ~> B` denies.

`compiler.analysis.edges` tells by what a cell influences another one directly;
influence is passed on.  A descriptor handed over a socket, network traffic and
covert channels are not seen by kauth(9) and not counted.
"""

from __future__ import annotations

from compiler.analysis.decisions import Decisions
from compiler.analysis.edges import Edge, edges
from compiler.ir.ir import HOST
from compiler.lowering.space import members
from compiler.record import NamedTuple


class Step(NamedTuple):
    """One subject influences another one, and by what."""

    source: str
    target: str
    by: str
    rule: int | None

    @property
    def text(self) -> str:
        return f"{self.source} ~> {self.target} ({self.by})"


class Influence:
    """Finds chains of influence between the cells of a policy and the host."""

    def __init__(self, decisions: Decisions) -> None:
        self._frame = decisions.frame
        self._decisions = decisions
        self._edges: list[Edge] | None = None
        self._next: dict[int, int] | None = None
        self._closed: dict[int, int] = {}

    def reach(self, source: str) -> int:
        """Everybody that a subject can influence, as bits of the frame; root's host is one."""
        start = self._frame.bits[source]
        if start not in self._closed:
            self._closed[start] = self._closure(start)
        return self._closed[start] & ~start

    def reached(self, source: str) -> tuple[str, ...]:
        """The names of everybody that a subject can influence."""
        return self._frame.subject_names(self.reach(source))

    def _closure(self, start: int) -> int:
        """A node and everybody it can influence."""
        reached = new = start
        while new:
            node = new & -new
            new ^= node
            if node in self._closed:
                reached |= self._closed[node]
                new &= ~self._closed[node]
            else:
                following = self._following(node) & ~reached
                reached |= following
                new |= following
        return reached

    def path(self, source: str, target: str) -> list[Step] | None:
        """The shortest chain of influence, or None.  Root on the host counts as the host."""
        frame = self._frame
        wanted = frame.bits[target] | (frame.root if target == HOST else 0)
        if not self.reach(source) & wanted & ~frame.bits[source]:
            return None
        came: dict[int, int] = {}
        start = frame.bits[source]
        queue = [start]
        seen = start
        for node in queue:
            if node & wanted and node != start:
                return self._chain(start, node, came)
            new = self._following(node) & ~seen
            seen |= new
            for i in members(new):
                came[1 << i] = node
                queue.append(1 << i)
        return None

    def direct(self, source: str) -> tuple[str, ...]:
        """Whom a subject can influence without anybody else."""
        return self._frame.subject_names(self._following(self._frame.bits[source]))

    def _all(self) -> list[Edge]:
        if self._edges is None:
            self._edges = list(edges(self._decisions))
        return self._edges

    def _following(self, node: int) -> int:
        """Whom a node can influence directly."""
        if self._next is None:
            self._next = {}
            for edge in self._all():
                for i in members(edge.sources):
                    self._next[1 << i] = self._next.get(1 << i, 0) | edge.targets
        return self._next.get(node, 0) & ~node

    def _chain(self, start: int, node: int, came: dict[int, int]) -> list[Step]:
        chain = []
        while node != start:
            before = came[node]
            edge = next(e for e in self._all() if e.sources & before and e.targets & node)
            chain.append(self._step(before, node, edge))
            node = before
        return chain[::-1]

    def _step(self, source: int, target: int, edge: Edge) -> Step:
        names = self._frame.subjects
        return Step(
            names[source.bit_length() - 1], names[target.bit_length() - 1], edge.by, edge.rule
        )
