"""Which cells a statement applies to, and in which of them another one takes its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.ledger.finding import Overridden
from compiler.model.policy import Body, Policy
from compiler.record import NamedTuple
from compiler.source import Span


class Part(NamedTuple):
    """A profile, a template or the block of a cell, as a part of a cell."""

    scope: str
    """Such as "profile service"."""
    settings: Iterable[tuple[str, Span]]
    """What it sets of which the most derived value counts, and where."""


_NOWHERE = Overridden((), ())


class Scopes:
    """Answers for the profiles, templates and cells of one policy."""

    def __init__(self, cells: Iterable[tuple[str, Iterable[Part]]]) -> None:
        """`cells` are in name order, the parts of each the least derived first."""
        everyone = []
        users: dict[str, dict[str, None]] = {}
        self._chosen: dict[tuple[str, str], Span] = {}
        """By cell and setting: where the value it has is set."""
        for cell, parts in cells:
            everyone.append(cell)
            for scope, settings in parts:
                users.setdefault(scope, {})[cell] = None
                for setting, span in settings:
                    self._chosen[cell, setting] = span
        self.everyone = tuple(everyone)
        self._users = {scope: tuple(cells) for scope, cells in users.items()}

    def cells(self, scope: str) -> tuple[str, ...]:
        """The cells that a profile, template or cell applies to, in name order."""
        return self._users.get(scope, ())

    def chosen(self, scope: str, setting: str, span: Span) -> tuple[tuple[str, ...], Overridden]:
        """The cells of `scope` that have the value set at `span`, and the other ones."""
        cells = self.cells(scope)
        if len(cells) == 1 and self._chosen.get((cells[0], setting)) == span:
            return cells, _NOWHERE
        mine = tuple(cell for cell in cells if self._chosen.get((cell, setting)) == span)
        if len(mine) == len(cells):
            return cells, _NOWHERE
        others = tuple(cell for cell in cells if self._chosen.get((cell, setting)) != span)
        return mine, Overridden(others, (self._chosen[others[0], setting],))


def parts_of(policy: Policy) -> Iterator[tuple[str, Iterable[Part]]]:
    """The cells of a policy and their parts."""
    for cell in policy.cells:
        yield cell.name, [part_of(body) for body in cell.bodies]


def part_of(body: Body) -> Part:
    """A body as a part of the cell that has it."""
    return Part(f"{body.kind} {body.name}", _settings(body))


def _settings(body: Body) -> Iterator[tuple[str, Span]]:
    """What a body sets of which the most derived value counts, and where."""
    if body.root is not None:
        yield "root", body.root.span
    if body.user is not None:
        yield "user", body.user.span
    if body.service is not None:
        yield "service", body.service.span
    for limit in body.limits:
        yield f"limit {limit.name}", limit.span
