"""Which cells can influence which: what `assert never A ~> B` denies.

A cell influences another one directly when it may change its processes (a
process action that changes its target is not denied), when it can write files
that the other one sees, or when both may use System V or POSIX IPC of the
host, which carries no cell.  Influence is passed on.  A descriptor handed over
a socket, network traffic and covert channels are not seen by kauth(9) and not
counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from compiler.ir.decide import Decider
from compiler.ir.ir import HOST, IR, Cell, Request
from compiler.ir.requests import catalogue

#: Leaves whose objects two cells share when neither is denied them.
_SHARED = ("system.sysvipc.bypass", "system.semaphore", "system.mqueue")


@dataclass(frozen=True, slots=True)
class Step:
    """One cell influences another one, and by what."""

    source: str
    target: str
    by: str


class Influence:
    """Finds chains of influence between the cells of a policy."""

    def __init__(self, ir: IR, decider: Decider) -> None:
        self._ir = ir
        self._decider = decider
        self._actions = [leaf.name for leaf in catalogue(ir).leaves if leaf.influence]
        self._known = {leaf.name for leaf in catalogue(ir).leaves}
        self._next: dict[str, list[Step]] = {}

    def path(self, source: str, target: str) -> list[Step] | None:
        """The shortest chain of influence, or None."""
        came: dict[str, Step | None] = {source: None}
        queue = [source]
        for name in queue:
            for step in self._steps(name):
                if step.target not in came:
                    came[step.target] = step
                    queue.append(step.target)
        last = came.get(target)
        chain: list[Step] = []
        while last is not None:
            chain.append(last)
            last = came[last.source]
        return chain[::-1] or None

    def _steps(self, source: str) -> list[Step]:
        if source not in self._next:
            self._next[source] = list(self._direct(source))
        return self._next[source]

    def _direct(self, source: str) -> Iterator[Step]:
        targets = [*self._decider.cells, HOST]
        for target in targets:
            if target == source:
                continue
            by = self._by_process(source, target)
            if by is None and source != HOST and target != HOST:
                ours, theirs = self._decider.cells[source], self._decider.cells[target]
                by = _by_files(ours, theirs) or self._by_ipc(source, target)
            if by is not None:
                yield Step(source, target, by)

    def _by_process(self, source: str, target: str) -> str | None:
        for action in self._actions:
            if self._decider.decide(Request(source, action, target)).effect != "deny":
                return action
        return None

    def _by_ipc(self, source: str, target: str) -> str | None:
        for action in _SHARED:
            if action in self._known and all(
                self._decider.decide(Request(cell, action)).effect != "deny"
                for cell in (source, target)
            ):
                return action
        return None


def _by_files(ours: Cell, theirs: Cell) -> str | None:
    if ours.root is None or theirs.root is None:
        return "files: not both have a root of their own"
    written = [m.source for m in ours.mounts if m.mode == "rw"] + [_own(ours.root, ours.base)]
    seen = [m.source for m in theirs.mounts] + [_own(theirs.root, theirs.base), theirs.root]
    seen += [theirs.base] if theirs.base is not None else []
    for path in written:
        for other in seen:
            if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                return f"files below {path}"
    return None


def _own(root: str, base: str | None) -> str:
    """Where a cell's own files lie; on a base, rc.d keeps them beside the root."""
    return root if base is None else f"{root}.overlay"
