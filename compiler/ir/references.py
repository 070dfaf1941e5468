"""Whether an IR that was read from a file refers only to what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.catalogue.actions import RELEASES, load
from compiler.ir.ir import HOST, IR, SELF, RequestSet, Verdict
from compiler.record import NamedTuple


class _Reference(NamedTuple):
    """An index, and the size of the list that it points into."""

    what: str
    place: int
    size: int


def check_references(ir: IR) -> None:
    """Raises ValueError for an index out of range, or a name of nothing."""
    if ir.target not in RELEASES:
        raise ValueError(f"this IR is for {ir.target!r}, which is no release known here")
    for what, place, size in _references(ir):
        if not 0 <= place < size:
            raise ValueError(f"{what} {place} is out of range in this IR")
    _check_names("action", (n for names in ir.action_sets for n in names), load(ir.target).by_name)
    cells = [cell.name for cell in ir.cells]
    _check_names("cell", _cells_named(ir), {SELF, HOST, *cells})
    ids = [cell.id for cell in ir.cells] + [number for _, number in ir.retired]
    if len(set(cells)) < len(cells) or len(set(ids)) < len(ids):
        raise ValueError("two cells of this IR share a name or an id")
    if not all(0 < number < 65536 for number in ids):
        raise ValueError("a cell id of this IR is out of range")


def _check_names(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    unknown = set(names).difference(known)
    if unknown:
        raise ValueError(f"{what} {min(unknown)!r} is unknown in this IR")


def _references(ir: IR) -> Iterator[_Reference]:
    for layer in ir.layers:
        for rule in layer.rules:
            yield _Reference("rule", rule, len(ir.rules))
    for reservation in ir.reservations:
        yield _Reference("rule", reservation.rule, len(ir.rules))
    for verdict in _verdicts(ir):
        yield _Reference("rule", verdict.rule, len(ir.rules))
    for requests in _request_sets(ir):
        yield _Reference("action set", requests.actions, len(ir.action_sets))
    for cell in ir.cells:
        yield _Reference("class", cell.class_, len(ir.classes))
        for index in cell.layers:
            yield _Reference("layer", index, len(ir.layers))


def _verdicts(ir: IR) -> Iterator[Verdict]:
    for class_ in ir.classes:
        yield from class_.verdicts
    for cell in ir.cells:
        yield from cell.owned


def _request_sets(ir: IR) -> Iterator[RequestSet]:
    for rule in ir.rules:
        yield rule.requests
    for verdict in _verdicts(ir):
        yield verdict.requests


def _cells_named(ir: IR) -> Iterator[str]:
    for requests in _request_sets(ir):
        if requests.to is not None:
            yield from requests.to.members
    for reservation in ir.reservations:
        yield reservation.cell
