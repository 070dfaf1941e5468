"""What the findings are made from: the model, the IR, who decides and who else votes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from compiler.analysis.stack import Stack
from compiler.catalogue.voters import CELLPOLICY, is_root_user
from compiler.driver import Program
from compiler.ir.ir import AUTO, HOST, Cell, Request
from compiler.ir.requests import catalogue
from compiler.ledger.finding import Finding, Gap, Means, judge
from compiler.ledger.scopes import Scopes, parts_of

TABLES_C = "kmod/secmodel_cellpolicy/cellpolicy_tables.c"


class World:
    """One compiled policy, and the backends that its build is made by."""

    def __init__(
        self, program: Program, backends: Iterable[str], scopes: Scopes | None = None
    ) -> None:
        """`scopes` are those of the policy, where its cells do not tell."""
        self.program = program
        self.ir = program.ir
        self.policy = program.policy
        self.backends = frozenset(backends)
        self.scopes = scopes or Scopes(parts_of(program.policy))
        self.catalogue = catalogue(program.ir)
        self.cells: dict[str, Cell] = {cell.name: cell for cell in program.ir.cells}
        self.permissive = frozenset(
            cell.name for cell in program.ir.cells if cell.permissive or program.ir.permissive
        )
        self.decider = program.lowered.decider
        self.stack = Stack(program.ir)
        self._findings: dict[
            tuple[tuple[Means, ...], tuple[Gap, ...], tuple[str, ...]], Finding
        ] = {}
        self._may: dict[tuple[int, bool, bool, str], bool] = {}

    def judge(
        self, by: Sequence[Means], gaps: Iterable[Gap] = (), notes: Iterable[str] = ()
    ) -> Finding:
        """The finding about a statement that `by` enforce together, in this build."""
        key = (tuple(by), tuple(gaps), tuple(notes))
        known = self._findings.get(key)
        if known is None:
            known = self._findings[key] = judge(*key, self.backends)
        return known

    def is_root(self, cell: str) -> bool:
        """Whether a cell's processes run as root, at least to begin with."""
        return is_root_user(self.cells[cell].user)

    def may(self, cell: str, action: str) -> bool:
        """Whether an action that carries nothing, or is about the cell itself, may work."""
        key = (*self._alike(cell), action)
        if key not in self._may:
            own = action.startswith("process.")
            request = Request(cell, action, target=cell if own else None)
            self._may[key] = self._works(request)
        return self._may[key]

    def picks_privileged(self, cell: str, protocol: str) -> bool:
        """Whether a cell may bind a privileged port of the kernel's choice."""
        key = (*self._alike(cell), protocol)
        if key not in self._may:
            request = Request(cell, "network.bind.privport", protocol=protocol, port=AUTO)
            self._may[key] = self._works(request)
        return self._may[key]

    def _alike(self, cell: str) -> tuple[int, bool, bool]:
        """What cells have in common of which the same works."""
        return self.cells[cell].class_, self.is_root(cell), cell in self.permissive

    def denies(self, request: Request) -> bool:
        """Whether the policy itself denies a request; a permissive cell's is only logged."""
        subject = request.subject
        if subject in self.permissive or (subject == HOST and self.ir.permissive):
            return False
        return self.decider.decide(request).effect == "deny"

    def refused_by_others(self, request: Request) -> str | None:
        """Who refuses a request that the policy does not deny, or None if nobody does for sure."""
        outcome = self.stack.outcome(request, self.decider.decide(request).effect)
        return outcome.by if outcome.result == "refused" and outcome.by != CELLPOLICY else None

    def _works(self, request: Request) -> bool:
        if self.denies(request):
            return False
        effect = self.decider.decide(request).effect
        vote = "allow" if effect == "deny" else effect
        return self.stack.outcome(request, vote).result != "refused"


@functools.cache
def tables(*names: str) -> Means:
    """Tables of the kernel module that hold a statement: arrays of its C file and its image."""
    return Means("kmod", TABLES_C, f"table{'s' * (len(names) > 1)} {', '.join(names)}", names)
