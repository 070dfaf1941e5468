"""Folded verdicts of a policy as classes of the tables: cells that may do the same share one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from backends.kmod.columns import Covered, all_denied
from backends.kmod.maps import Maps, Pages, points, sums
from backends.kmod.ports import Ports, by_leaf, stretches
from backends.kmod.positions import process_positions, row_positions, split
from backends.kmod.sockets import Axes
from backends.kmod.tables import (
    ALLOW,
    DEFER,
    DENY,
    ENDS,
    MAX_PORT,
    PEER_MAP,
    Class,
    Common,
    bind_shift,
)
from compiler.ir.ir import HOST, PROTOCOLS, SELF, Effect, Peers, RequestSet, Verdict
from compiler.record import NamedTuple

CODES: Mapping[Effect, int] = {"deny": DENY, "allow": DEFER, "grant": ALLOW}

#: A verdict on process actions: its code, the lower bits of its columns, its targets.
_Leaving = tuple[int, int, Peers | None]

_ALL_PORTS = ((0, MAX_PORT),)
_VNODE_ALL = (1 << 32) - 1
_PASSTHRU_ALL = (1 << 4) - 1


class Border(NamedTuple):
    """Verdicts on process actions that leave a cell."""

    host: int
    named: int
    """Of the cell `target`, or of all others."""
    others: int
    target: int
    """Id of a cell or 0; where `mapped`, the number of a map to crossings."""
    mapped: bool


class Classes:
    """Collects the classes of a policy with what they refer to.

    Class 0 is there from the start, for cell ids that the policy does not know.
    """

    def __init__(self, covered: Sequence[Covered], ids: Mapping[str, int], axes: Axes) -> None:
        self._covered = covered
        self._known: dict[int, tuple[Covered, bool, bool, bool]] = {}
        """By the identity of request sets, which live as long as the IR."""
        self._ids = ids
        self._last = max(ids.values(), default=0)
        self._axes = axes
        self._pages = Pages()
        self._ports = Maps(self._pages)
        self._peers = Maps(self._pages)
        closed = all_denied(process_positions())
        self._gaps = dict.fromkeys(set(range(1, self._last)) - set(ids.values()), closed)
        self._sockets = {all_denied(axes.size): 0}
        self._crossings = {closed: 0}
        self._commons = {Common(closed, closed, closed, closed, 0): 0}
        self._borders: dict[tuple[object, ...], Border] = {}
        binds = all_denied(len(PROTOCOLS))
        unknown = Class(
            row=all_denied(row_positions() + 2 * len(PROTOCOLS)),
            vnode_deny=_VNODE_ALL,
            passthru_deny=_PASSTHRU_ALL,
            passthru_grant=0,
            common=0,
            named=0,
            ends=(MAX_PORT,) * ENDS,
            binds=(binds,) * (ENDS + 1),
        )
        self._classes = {unknown: 0}

    @property
    def classes(self) -> tuple[Class, ...]:
        return tuple(self._classes)

    @property
    def commons(self) -> tuple[Common, ...]:
        return tuple(self._commons)

    @property
    def crossings(self) -> tuple[int, ...]:
        return tuple(self._crossings)

    @property
    def sockets(self) -> tuple[int, ...]:
        return tuple(self._sockets)

    @property
    def port_tops(self) -> tuple[int, ...]:
        return tuple(self._ports.tops)

    @property
    def peer_tops(self) -> tuple[int, ...]:
        return tuple(self._peers.tops)

    @property
    def pages(self) -> tuple[int, ...]:
        return tuple(self._pages.numbers)

    def add(self, verdicts: Iterable[Verdict], name: str = SELF) -> int:
        """The number of the class with these verdicts, seen from a cell of this name."""
        votes = socket = 0
        rights = {DENY: [0, 0], DEFER: [0, 0], ALLOW: [0, 0]}
        ports: list[Ports] = []
        leaving: list[_Leaving] = []
        for verdict in verdicts:
            requests = verdict.requests
            code = CODES[verdict.effect]
            about = self._known.get(id(requests))
            if about is None:
                about = self._known[id(requests)] = self._about(requests)
            c, on_target, on_port, on_socket = about
            if not on_port and not on_socket:
                if c.targets:
                    leaving.append((code, c.targets, requests.to))
                if not on_target:
                    votes |= code * (c.own | c.targets | c.plain)
                    if c.vnode or c.passthru:
                        rights[code][0] |= c.vnode
                        rights[code][1] |= c.passthru
                elif holds_self(requests.to, name):
                    votes |= code * (c.own | c.targets)
            if c.bind and not on_target and not on_socket:
                ports += _binds(code, c, requests)
            if (c.socket or c.rawsock) and not on_target and not on_port:
                socket |= code * self._axes.mask(c, requests)
        own, row = split(votes)
        by_port = sums(ports, MAX_PORT)
        ends, binds = stretches(by_leaf(by_port), self._ports)
        border = self._border(tuple(leaving), name)
        if border.mapped:
            binds = (*binds[:-1], binds[-1] | PEER_MAP)
        common = Common(own, *border[:3], self._sockets.setdefault(socket, len(self._sockets)))
        made = Class(
            row | by_port[0][1] << 2 * row_positions(),
            rights[DENY][0],
            rights[DENY][1],
            rights[ALLOW][1],
            self._commons.setdefault(common, len(self._commons)),
            border.target,
            ends,
            binds,
        )
        return self._classes.setdefault(made, len(self._classes))

    def _about(self, requests: RequestSet) -> tuple[Covered, bool, bool, bool]:
        """What a set covers; whether it narrows the target, the port and protocol, the socket."""
        r = requests
        return (
            self._covered[r.actions],
            r.to is not None,
            r.protocols is not None or r.ports is not None,
            r.domains is not None or r.types is not None or r.socket_protocols is not None,
        )

    def owned(self, verdicts: Iterable[Verdict]) -> Iterator[Ports]:
        """What a cell's verdicts on the ports it listens on set."""
        for verdict in verdicts:
            requests = verdict.requests
            yield from _binds(CODES[verdict.effect], self._covered[requests.actions], requests)

    def _border(self, leaving: tuple[_Leaving, ...], name: str) -> Border:
        """The verdicts towards the host and other cells; towards several cells by a map."""
        named = {m for _, _, to in leaving if to is not None for m in to.members}
        key = (leaving, name if name in named else SELF)
        if key not in self._borders:
            host, others = _crossing(leaving, HOST), _crossing(leaving, "")
            told = {self._ids[m]: _crossing(leaving, m) for m in named - {SELF, HOST, name}}
            told = {id_: crossing for id_, crossing in told.items() if crossing != others}
            if len(told) > 1:
                all_ = sorted({0: host, **self._gaps, **told}.items())
                exceptions = [(id_, self._number(crossing)) for id_, crossing in all_]
                steps = points(self._number(others), exceptions, self._last)
                made = Border(host, others, others, self._peers.add(steps), True)
            else:
                ((target, crossing),) = told.items() or [(0, others)]
                made = Border(host, crossing, others, target, False)
            self._borders[key] = made
        return self._borders[key]

    def _number(self, crossing: int) -> int:
        return self._crossings.setdefault(crossing, len(self._crossings))


def _crossing(leaving: tuple[_Leaving, ...], target: str) -> int:
    """The verdicts on a target outside the own cell; "" is one never named."""
    row = all_denied(process_positions())
    for code, columns, to in leaving:
        if to is None or (target in to.members) != to.exclude:
            row = row & ~(3 * columns) | code * columns
    return row


def holds_self(to: Peers | None, name: str) -> bool:
    """Whether a set of targets holds the subject's own cell."""
    return to is None or (SELF in to.members or name in to.members) != to.exclude


def _binds(code: int, covered: Covered, requests: RequestSet) -> Iterator[Ports]:
    if code == DEFER:
        return
    protocols = [PROTOCOLS.index(p) for p in requests.protocols or PROTOCOLS]
    bits = 0
    for leaf in covered.bind:
        for protocol in protocols:
            bits |= code << bind_shift(leaf, protocol)
    for low, high in requests.ports or _ALL_PORTS:
        yield low, high, bits
