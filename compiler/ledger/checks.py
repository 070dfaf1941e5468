"""What becomes of assertions: they are checked, and hold as far as their denials are enforced."""

from __future__ import annotations

from functools import cached_property

from compiler.analysis.decisions import Decisions
from compiler.analysis.influence import Influence
from compiler.ir.ir import HOST, HOST_ROOT
from compiler.ledger.facts import ENFORCE, PERMISSIVE, never_asked
from compiler.ledger.finding import Entry, Finding, Gap, Means, listed
from compiler.ledger.world import World
from compiler.model.policy import Assertion
from compiler.source import Span
from compiler.syntax import tree as t

_CHECKED = Means("", "cellc", "checked whenever the policy is compiled")


class Assertions:
    """Makes the entries of `assert` statements."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._at: dict[Span, Assertion] = {a.span: a for a in world.policy.assertions}

    def entry(self, statement: t.Statement) -> Entry:
        """The entry of an assertion of the policy."""
        assertion = self._at[statement.span]
        cells = tuple(sorted(name for name in assertion.subjects if name in self._world.cells))
        return Entry(statement, cells, self._finding(assertion))

    def _finding(self, assertion: Assertion) -> Finding:
        target = self._world.ir.target
        if assertion.pattern is not None:
            leaves = self._world.catalogue.by_name
            if not any(leaves[name].asked for name in assertion.pattern.rule.actions):
                return self._world.judge([], [never_asked(target)])
        logged = self._logged(assertion)
        gaps = []
        if logged:
            why = f"it holds for what is decided, but {listed(logged)}: {PERMISSIVE}"
            gaps.append(Gap(why, "lets more through", ENFORCE))
        return self._world.judge([_CHECKED], gaps)

    def _logged(self, assertion: Assertion) -> list[str]:
        """The permissive cells that the assertion says something is denied to."""
        named = set(assertion.subjects)
        permissive = sorted(self._world.permissive)
        if self._world.ir.permissive:
            permissive.append(HOST)
        match assertion.kind:
            case "only":
                return [cell for cell in permissive if cell not in named]
            case "always":
                return []
            case "no-influence" if permissive:
                # What is influenced passes it on, and more of it than the policy says.
                names = [name for name in named if name != HOST_ROOT]
                named.update(*(self._influence.reached(name) for name in names))
                return [cell for cell in permissive if cell in named]
            case _:
                return [cell for cell in permissive if cell in named]

    @cached_property
    def _influence(self) -> Influence:
        return Influence(Decisions(self._world.ir))
