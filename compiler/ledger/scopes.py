"""Which cells a statement applies to, and in which of them another one takes its place."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ledger.finding import Overridden
from compiler.model.policy import Body, Policy
from compiler.source import Span

_NOWHERE = Overridden((), ())


class Scopes:
    """Answers for the profiles, templates and cells of one policy."""

    def __init__(self, policy: Policy) -> None:
        self.everyone = tuple(cell.name for cell in policy.cells)
        users: dict[str, dict[str, None]] = {}
        self._chosen: dict[tuple[str, str], Span] = {}
        """By cell and setting: where the value it has is set."""
        for cell in policy.cells:
            for body in cell.bodies:
                users.setdefault(f"{body.kind} {body.name}", {})[cell.name] = None
                for setting, span in _settings(body):
                    self._chosen[cell.name, setting] = span
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
