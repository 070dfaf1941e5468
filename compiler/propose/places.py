"""Where rules are put that open something: bodies of cells, or one that all who need it share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from compiler.driver import Program
from compiler.ir.ir import Effect, Request
from compiler.names.shipped import SHIPPED
from compiler.record import NamedTuple
from compiler.source import Span

_SELF = "self"


class Wanted(NamedTuple):
    """A request that was denied, and the vote that lets it pass."""

    request: Request
    effect: Effect

    @property
    def need(self) -> Need:
        """What is wanted, whichever cell wants it."""
        request = self.request
        target = _SELF if request.target == request.subject else request.target
        return Need(request._replace(subject="", target=target), self.effect)


class Need(NamedTuple):
    """A request of no cell in particular; its target may be `self`."""

    request: Request
    effect: Effect


class Place(NamedTuple):
    """A body, and what the rules that are put there let pass."""

    scope: str
    """Such as "profile service"."""
    span: Span
    wanted: tuple[Wanted, ...]
    """All of it, of every cell that has the body."""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells that want something here, in name order."""
        return tuple(sorted({one.request.subject for one in self.wanted}))

    @property
    def shared(self) -> bool:
        return not self.scope.startswith("cell ")


Rules = Callable[[str, Sequence[Wanted], bool], list[str]]
"""The rules for what one cell wants; in a body that cells share, each calls itself `self`."""


class Places:
    """Chooses places for the rules of one policy."""

    def __init__(self, program: Program, rules: Rules) -> None:
        self._program = program
        self._rules = rules
        self._users: dict[str, list[str]] = {}
        for cell in program.policy.cells:
            for body in (*cell.profiles, *cell.templates):
                self._users.setdefault(f"{body.kind} {body.name}", []).append(cell.name)

    def own(self, wanted: Iterable[Wanted]) -> list[Place]:
        """The bodies of the cells: they open nothing for any other."""
        by_cell: dict[str, list[Wanted]] = {}
        for one in wanted:
            by_cell.setdefault(one.request.subject, []).append(one)
        cells = self._program.definitions.cells
        return [Place(f"cell {c}", cells[c].span, tuple(some)) for c, some in by_cell.items()]

    def least(self, wanted: Sequence[Wanted]) -> tuple[list[Place], list[str]]:
        """Where it takes the least text and opens no more, and why not elsewhere.

        A profile or template takes the rules that all of its cells need, when that is shorter
        than to write them in each.
        """
        left = {place.cells[0]: list(place.wanted) for place in self.own(wanted)}
        found: list[Place] = []
        said: list[str] = []
        for scope, users in self._ordered():
            some = [user for user in users if left.get(user)]
            if len(some) < 2 or scope.removeprefix("profile ") in SHIPPED:
                continue
            why = self._obstacle(scope, users, left)
            needed = users if not why else some
            common = _common(needed, left)
            if not common or not self._shorter(needed, common, left):
                continue
            if why:
                said.append(f"{scope}: {why}")
                continue
            taken = [one for user in users for one in left[user] if one.need in common]
            found.append(Place(scope, self._span(scope), tuple(taken)))
            for user in users:
                left[user] = [one for one in left[user] if one.need not in common]
        rest = self.own(one for some in left.values() for one in some)
        return [*found, *rest], said

    def _ordered(self) -> list[tuple[str, list[str]]]:
        """The bodies that cells share: what most have first, of these the most derived."""
        derived_first = list(self._users.items())[::-1]
        return sorted(derived_first, key=lambda item: -len(item[1]))

    def _span(self, scope: str) -> Span:
        kind, _, name = scope.partition(" ")
        definitions = self._program.definitions
        return (definitions.profiles if kind == "profile" else definitions.templates)[name].span

    def _obstacle(
        self, scope: str, users: Sequence[str], left: Mapping[str, Sequence[Wanted]]
    ) -> str:
        """Why a body cannot take what several of its cells need, or ""."""
        file = self._span(scope).file
        if file != self._program.definitions.files[-1].source.name:
            return f"it stands in {file}, which other policies may import"
        idle = [user for user in users if not left.get(user)]
        if not idle:
            return ""
        names = ", ".join(idle[:3]) + (" and others" if len(idle) > 3 else "")
        use = "uses" if len(idle) == 1 else "use"
        return f"{names} {use} it too, and nothing in the log says that this is needed there"

    def _shorter(
        self, users: Sequence[str], common: set[Need], left: Mapping[str, Sequence[Wanted]]
    ) -> bool:
        """Whether rules in the shared body and what remains are less text than without it."""

        def length(cell: str, some: Sequence[Wanted], shared: bool) -> int:
            return sum(map(len, self._rules(cell, some, shared)))

        first = users[0]
        after = length(first, [one for one in left[first] if one.need in common], True)
        before = 0
        for user in users:
            before += length(user, left[user], False)
            after += length(user, [one for one in left[user] if one.need not in common], False)
        return after < before


def _common(users: Iterable[str], left: Mapping[str, Sequence[Wanted]]) -> set[Need]:
    needs: Iterator[set[Need]] = ({one.need for one in left[user]} for user in users)
    return set.intersection(*needs)
