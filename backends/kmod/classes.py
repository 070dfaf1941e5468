"""Folded verdicts of a policy as classes of the tables: cells that may do the same share one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from backends.kmod.columns import Covered, all_denied
from backends.kmod.maps import points, sums
from backends.kmod.positions import process_positions, row_positions
from backends.kmod.sockets import Axes
from backends.kmod.tables import ALLOW, DEFER, DENY, MAX_PORT, bind_shift
from compiler.ir.ir import HOST, PROTOCOLS, SELF, Effect, Peers, RequestSet, Verdict

CODES: Mapping[Effect, int] = {"deny": DENY, "allow": DEFER, "grant": ALLOW}

#: A first and a last port, and the bits of the bind verdicts on them.
Ports = tuple[int, int, int]
#: A verdict on process actions: its code, the lower bits of its columns, its targets.
_Leaving = tuple[int, int, Peers | None]

_ALL_PORTS = ((0, MAX_PORT),)
_VNODE_ALL = (1 << 32) - 1
_PASSTHRU_ALL = (1 << 16) - 1


class Gathered(NamedTuple):
    """A class whose maps are not laid out yet."""

    row: int
    vnode_deny: int
    passthru_deny: int
    passthru_grant: int
    peers: tuple[tuple[int, int], ...]
    """Crossings by cell id."""
    ports: tuple[tuple[int, int], ...]
    """Bind verdicts by port."""
    socket: int


class Classes:
    """Collects the classes of a policy with the rows they refer to.

    Class 0 is there from the start, for cell ids that the policy does not know.
    """

    def __init__(self, covered: Sequence[Covered], ids: Mapping[str, int], axes: Axes) -> None:
        self._covered = covered
        self._ids = ids
        self._last = max(ids.values(), default=0)
        self._gaps = dict.fromkeys(set(range(1, self._last)) - set(ids.values()), 0)
        self._axes = axes
        self._sockets = {all_denied(axes.size): 0}
        self._crossings = {all_denied(process_positions()): 0}
        self._borders: dict[tuple[_Leaving, ...], tuple[tuple[int, int], ...]] = {}
        unknown = Gathered(
            row=all_denied(row_positions()),
            vnode_deny=_VNODE_ALL,
            passthru_deny=_PASSTHRU_ALL,
            passthru_grant=0,
            peers=((self._last, 0),),
            ports=((MAX_PORT, all_denied(2 * len(PROTOCOLS))),),
            socket=0,
        )
        self._classes = {unknown: 0}

    @property
    def gathered(self) -> tuple[Gathered, ...]:
        return tuple(self._classes)

    @property
    def crossings(self) -> tuple[int, ...]:
        return tuple(self._crossings)

    @property
    def sockets(self) -> tuple[int, ...]:
        return tuple(self._sockets)

    def add(self, verdicts: Iterable[Verdict], name: str = SELF) -> int:
        """The number of the class with these verdicts, seen from a cell of this name."""
        row = all_denied(1)
        socket = 0
        rights = {DENY: [0, 0], DEFER: [0, 0], ALLOW: [0, 0]}
        ports: list[Ports] = []
        leaving: list[_Leaving] = []
        for verdict in verdicts:
            requests = verdict.requests
            code = CODES[verdict.effect]
            c = self._covered[requests.actions]
            on_target, on_port, on_socket = conditions(requests)
            if not on_port and not on_socket:
                if c.targets:
                    leaving.append((code, c.targets, requests.to))
                if holds_self(requests.to, name):
                    row |= code * (c.own | c.targets)
                if not on_target:
                    row |= code * c.plain
                    rights[code][0] |= c.vnode
                    rights[code][1] |= c.passthru
            if c.bind and not on_target and not on_socket:
                ports += _binds(code, c, requests)
            if (c.socket or c.rawsock) and not on_target and not on_port:
                socket |= code * self._axes.mask(c, requests)
        made = Gathered(
            row,
            rights[DENY][0],
            rights[DENY][1],
            rights[ALLOW][1],
            self._border(tuple(leaving)),
            tuple(sums(ports, MAX_PORT)),
            self._sockets.setdefault(socket, len(self._sockets)),
        )
        return self._classes.setdefault(made, len(self._classes))

    def owned(self, verdicts: Iterable[Verdict]) -> Iterator[Ports]:
        """What a cell's verdicts on the ports it listens on set."""
        for verdict in verdicts:
            requests = verdict.requests
            yield from _binds(CODES[verdict.effect], self._covered[requests.actions], requests)

    def _border(self, leaving: tuple[_Leaving, ...]) -> tuple[tuple[int, int], ...]:
        """The crossings towards the host, under id 0, and towards other cells."""
        if leaving not in self._borders:
            named = {m for _, _, to in leaving if to is not None for m in to.members}
            crossings = {
                self._ids[m]: self._crossing(leaving, m) for m in sorted(named - {SELF, HOST})
            }
            crossings |= {0: self._crossing(leaving, HOST)} | self._gaps
            others = self._crossing(leaving, "")
            peers = points(others, sorted(crossings.items()), self._last)
            self._borders[leaving] = tuple(peers)
        return self._borders[leaving]

    def _crossing(self, leaving: tuple[_Leaving, ...], target: str) -> int:
        """The number of the verdicts on a target outside the own cell; "" is one never named."""
        row = all_denied(process_positions())
        for code, columns, to in leaving:
            if to is None or (target in to.members) != to.exclude:
                row = row & ~(3 * columns) | code * columns
        return self._crossings.setdefault(row, len(self._crossings))


def conditions(requests: RequestSet) -> tuple[bool, bool, bool]:
    """Whether a set narrows the target, the port and protocol, the kind of socket."""
    r = requests
    return (
        r.to is not None,
        r.protocols is not None or r.ports is not None,
        r.domains is not None or r.types is not None or r.socket_protocols is not None,
    )


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
