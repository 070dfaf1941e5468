"""The order in which scripts start: rcorder(8) must find one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from compiler.catalogue.rcorder import (
    CELL_AFTER,
    SECURELEVEL,
    SERVICE_AFTER,
    VERIEXEC,
    rc_order,
    rc_script,
)
from compiler.diagnostics import Diagnostics, Related, arrows
from compiler.ir.ir import IR
from compiler.ir.levels import comes_before
from compiler.lowering.lower import Lowered
from compiler.model.policy import Policy
from compiler.model.settings import Provider, Service
from compiler.record import NamedTuple
from compiler.source import Span

_ALWAYS = (CELL_AFTER[-1], *SERVICE_AFTER)
#: Scripts that cells come before whatever their policy says, and which cells.
_EARLY = {
    SECURELEVEL: "at `securelevel 2`, cells that mount start before it",
    VERIEXEC: "where `kern.veriexec.strict` is raised, cells with `exec sha256` start before it",
}
#: Circles that are reported in one run: after each, the others are looked for again.
_MOST = 20


class _Script(NamedTuple):
    """A script of rc.d: a cell's, or the base system's by a word that it provides."""

    kind: str
    name: str


#: Every script with those it comes after, and the statement that says so, if one does.
_Waits = dict[_Script, dict[_Script, Span | None]]


def circular_order(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """Scripts that wait for each other start in no defined order."""
    services = dict(_services(policy))
    if not any(service.require or service.before for service in services.values()):
        return
    waits = _fixed(lowered.ir)
    for name, service in services.items():
        cell = _Script("cell", name)
        for provider in service.require:
            first = _script(provider, policy.target)
            waits[cell][first] = waits[cell].get(first) or provider.span
        for provider in service.before:
            later = _script(provider, policy.target)
            waits.setdefault(later, {}).setdefault(cell, provider.span)
    for _ in range(_MOST):
        circle = _circle(waits)
        if circle is None:
            break
        last = _report(circle, waits, found)
        del waits[last[1]][last[0]]


def _fixed(ir: IR) -> _Waits:
    """The order of the base system, and of cells among it whatever their policy says."""
    waits: _Waits = {
        _Script("rc", word): {_Script("rc", first): None for first in after}
        for word, after in rc_order(ir.target).items()
    }
    for cell in ir.cells:
        script = _Script("cell", cell.name)
        after = (*CELL_AFTER, *(SERVICE_AFTER if cell.service is not None else ()))
        waits[script] = {_Script("rc", word): None for word in after}
        for word in comes_before(ir.host, cell):
            waits[_Script("rc", word)][script] = None
    return waits


def _services(policy: Policy) -> Iterator[tuple[str, Service]]:
    """Every cell's service: that of its most derived body."""
    for cell in policy.cells:
        services = [body.service for body in cell.bodies if body.service is not None]
        if services:
            yield cell.name, services[-1]


def _script(provider: Provider, release: str) -> _Script:
    if provider.kind == "cell":
        return _Script("cell", provider.name)
    return _Script("rc", rc_script(provider.name, release))


def _circle(waits: _Waits) -> list[_Script] | None:
    """Scripts of which each comes before the next, and the last one is the first again."""
    from graphlib import CycleError, TopologicalSorter

    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        circle: list[_Script] = error.args[1]
        return circle
    return None


def _report(circle: list[_Script], waits: _Waits, found: Diagnostics) -> tuple[_Script, _Script]:
    """Says where a circle is closed; the two scripts that this is between."""
    steps = [(a, b, span) for a, b in pairwise(circle) if (span := waits[b][a]) is not None]
    first, then, place = steps[-1]
    if len(circle) == 2:
        message, help = f"the service of `{first.name}` waits for itself", "remove this"
    else:
        message = f"these wait for each other: {arrows([script.name for script in circle])}"
        help = "remove one `require` or `before` of the circle" + _besides(circle)
    related = [Related(span, f"so `{a.name}` comes before `{b.name}`") for a, b, span in steps[:-1]]
    found.error("E0611", message, place, help, related)
    return first, then


def _besides(circle: list[_Script]) -> str:
    """What holds in a circle though the policy does not say it."""
    steps = set(pairwise(circle))
    for word, why in _EARLY.items():
        if any(a.kind == "cell" and b == _Script("rc", word) for a, b in steps):
            return f"; {why}"
    if any(a.kind == "rc" and b.kind == "cell" and a.name in _ALWAYS for a, b in steps):
        return f"; services come after {' and '.join(f'`{word}`' for word in _ALWAYS)}"
    return ""
