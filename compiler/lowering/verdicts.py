"""Bits of a space back to request sets: the rows of a folded result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from compiler.ir.ir import PROTOCOLS, Ranges, RequestSet, Verdict
from compiler.lowering.fold import Region
from compiler.lowering.space import Space, members

Intern = Callable[[tuple[str, ...]], int]
"""Gives a tuple of leaf names its index in the IR's `action_sets`."""


def verdicts(space: Space, regions: Iterable[Region], intern: Intern) -> tuple[Verdict, ...]:
    """Disjoint rows for what each rule decides, in the order of the regions."""
    known, fixed = space.layout.request_sets, space.layout.fixed
    rows: list[Verdict] = []
    for rule, effect, bits in regions:
        common = bits & fixed
        if common:
            sets = known.get(common)
            if sets is None:
                sets = known[common] = tuple(_products(space, common, intern))
            rows += [Verdict(effect, rule, requests) for requests in sets]
        if common != bits:
            own = _products(space, bits ^ common, intern)
            rows += [Verdict(effect, rule, requests) for requests in own]
    return tuple(rows)


def _products(space: Space, bits: int, intern: Intern) -> Iterator[RequestSet]:
    layout = space.layout
    plain = bits & layout.all_plain
    if plain:
        yield RequestSet(intern(layout.plain_names(plain)))
    groups: dict[tuple[str, int], list[str]] = {}
    for index, part in space.blocks(bits):
        leaf = layout.blocks[index]
        groups.setdefault((leaf.dimension, part), []).append(leaf.name)
    for (dimension, part), names in groups.items():
        yield from _CONVERT[dimension](space, part, intern(tuple(names)))


def _targets(space: Space, part: int, actions: int) -> Iterator[RequestSet]:
    mask = 0
    for i in members(part):
        mask |= space.peers[i]
    yield RequestSet(actions, to=space.universe.peers(mask, space.subject, space.named))


def _binds(space: Space, part: int, actions: int) -> Iterator[RequestSet]:
    ports = space.axes.ports
    rows = _rows(part, len(ports), PROTOCOLS)
    for row, protocols in rows.items():
        yield RequestSet(
            actions, protocols=protocols, ports=_ranges([ports[i] for i in members(row)])
        )


def _ranges(intervals: Sequence[tuple[int, int]]) -> Ranges:
    joined: list[tuple[int, int]] = []
    for low, high in intervals:
        if joined and joined[-1][1] + 1 == low and joined[-1][0] > 0:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return tuple(joined)


def _sockets(space: Space, part: int, actions: int) -> Iterator[RequestSet]:
    axes = space.axes
    width = len(axes.socket_protocols)
    for plane, domains in _rows(part, width * len(axes.types), axes.domains).items():
        for row, types in _rows(plane, width, axes.types).items():
            words = tuple(axes.socket_protocols[i] for i in members(row))
            yield RequestSet(actions, domains=domains, types=types, socket_protocols=words)


def _rawsocks(space: Space, part: int, actions: int) -> Iterator[RequestSet]:
    words = tuple(space.axes.socket_protocols[i] for i in members(part))
    yield RequestSet(actions, socket_protocols=words)


def _rows(bits: int, width: int, axis: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """The different rows of a bit matrix, each with the words of `axis` that have it."""
    rows: dict[int, tuple[str, ...]] = {}
    for i, word in enumerate(axis):
        row = bits >> (i * width) & ((1 << width) - 1)
        if row:
            rows[row] = (*rows.get(row, ()), word)
    return rows


_CONVERT: dict[str, Callable[[Space, int, int], Iterator[RequestSet]]] = {
    "target": _targets,
    "bind": _binds,
    "socket": _sockets,
    "rawsock": _rawsocks,
}
