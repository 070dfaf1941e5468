"""The order in which services start: rcorder(8) must find one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from compiler.diagnostics import Diagnostics, Related, arrows
from compiler.lowering.lower import Lowered
from compiler.model.policy import Policy
from compiler.model.settings import Service
from compiler.source import Span


class _Wait(NamedTuple):
    """A cell starts only after `first`, since a statement at `span` says so."""

    first: str
    span: Span


def circular_order(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """Cells whose services wait for each other never start in a defined order."""
    waits: dict[str, list[_Wait]] = {cell.name: [] for cell in policy.cells}
    for name, service in _services(policy):
        for provider in service.require:
            if provider.kind == "cell":
                waits[name].append(_Wait(provider.name, provider.span))
        for provider in service.before:
            if provider.kind == "cell":
                waits[provider.name].append(_Wait(name, provider.span))
    for circle in _circles(waits):
        names = [wait.first for wait in circle]
        if len(circle) == 1:
            message, help = f"the service of `{names[0]}` waits for itself", "remove this"
        else:
            message = f"these services wait for each other: {arrows([names[-1], *names])}"
            help = "remove one `require` or `before` of the circle"
        related = [Related(wait.span, f"so `{wait.first}` comes earlier") for wait in circle[:-1]]
        found.error("E0611", message, circle[-1].span, help, related)


def _services(policy: Policy) -> Iterator[tuple[str, Service]]:
    """Every cell's service: that of its most derived body."""
    for cell in policy.cells:
        services = [body.service for body in cell.bodies if body.service is not None]
        if services:
            yield cell.name, services[-1]


def _circles(waits: Mapping[str, list[_Wait]]) -> Iterator[list[_Wait]]:
    """Circles of waiting cells, one for each place where a walk meets itself.

    Depth first without recursion, since cells may wait in long rows.
    """
    done: set[str] = set()
    for root in waits:
        path: list[_Wait] = []
        open_: dict[str, int] = {}
        stack = [] if root in done else [(root, iter(waits[root]))]
        open_.update(dict.fromkeys([root] if stack else [], 0))
        while stack:
            name, rest = stack[-1]
            wait = next(rest, None)
            if wait is None:
                stack.pop()
                del open_[name]
                done.add(name)
                if path:
                    path.pop()
            elif wait.first in open_:
                yield [*path[open_[wait.first] :], wait]
            elif wait.first not in done:
                path.append(wait)
                open_[wait.first] = len(path)
                stack.append((wait.first, iter(waits[wait.first])))
