"""The tables of the kernel module: their meaning, whatever form they are written in.

Positions and numbers are those that `engine/cellpolicy_tables.h` describes; the
C file and the loadable image hold exactly these values.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from compiler.catalogue.words import RLIMITS
from compiler.record import record

#: Verdicts, two bits each.
DEFER, DENY, ALLOW = 0, 1, 2

#: Keys of a page of a map.
PAGE = 64

MAX_ID = 65535
MAX_PORT = 65535
#: Resource limits of a row of ceilings.
LIMITS = max(limit.value for limit in RLIMITS.values()) + 1
#: "No cap on processes."
UNLIMITED = 0xFFFFFFFF
#: "No ceiling" for a resource limit.
NO_CEILING = 0xFFFFFFFFFFFFFFFF

#: Flags of a cell and of a whole policy.
PERMISSIVE = 1
#: Flags of a rule; `ON << protocol` for each protocol of network.bind.
TO, TO_SELF, TO_EXCLUDE, ON = 1, 2, 4, 8


class Class(NamedTuple):
    """What cells of one class may do, besides its row of verdicts."""

    vnode_deny: int
    passthru_deny: int
    passthru_grant: int
    peers: int
    """Map: cell id of a process, 0 for the host, to crossing."""
    ports: int
    """Map: number of a port to bind verdicts."""
    socket: int
    """Number of a socket row."""


class Owner(NamedTuple):
    """The cells that listen on a port, and the verdicts of their own binds to it."""

    tcp: int
    """Cell id, 0 for nobody."""
    udp: int
    tcp_rule: int
    """Id of the listen rule."""
    udp_rule: int
    verdicts: int


class Cell(NamedTuple):
    id: int
    name: str
    permissive: bool
    processes: int
    limits: int
    """Number of a row of ceilings."""
    rules: int
    """The first of its rules, and how many."""
    nrules: int
    owned: int
    """The same for the rules about ports it listens on."""
    nowned: int


class Rule(NamedTuple):
    """Which rule decides what; sets are positions in `Tables.sets`, 0 does not narrow."""

    id: int
    actions: int
    to: int
    flags: int
    ports: int
    socket: int


class Axis(NamedTuple):
    """Numbers of a finite axis that rules name, by class; class 0 is all the rest."""

    class_of: tuple[int, ...]
    size: int
    """Classes, the rest included."""


@record
class Tables:
    policy: str
    target: str
    digest: str
    """SHA-256 of the policy in hex."""
    permissive: bool
    class_of: tuple[int, ...]
    """By cell id; 0 where there is no cell."""
    cell_of: tuple[int, ...]
    """By cell id: index into `cells`."""
    rows: tuple[int, ...]
    """By class: verdicts on the system and the own cell, two bits a position from the lowest."""
    crossings: tuple[int, ...]
    """The same for process actions that leave the cell; number 0 denies them all."""
    port_steps: tuple[tuple[int, int], ...]
    """Consecutive stretches of ports: the last one, and the number of its ports."""
    free_ports: int
    """Numbers of ports below this are of ports that nobody listens on."""
    tops: tuple[int, ...]
    """At a map: the position of a page for each stretch of keys."""
    pages: tuple[int, ...]
    sockets: tuple[int, ...]
    """Verdicts by domain, type and protocol, then those of rawsock by protocol."""
    domains: Axis
    types: Axis
    protocols: Axis
    classes: tuple[Class, ...]
    """Number 0 is for ids that the policy does not know."""
    owners: tuple[Owner, ...]
    """By number of port, from `free_ports` on."""
    cells: tuple[Cell, ...]
    """Number 0 stands for ids that the policy does not know; then by id."""
    rules: tuple[Rule, ...]
    sets: tuple[int, ...]
    """At a position: a count, then so many ranges `low << 16 | high`."""
    ceilings: tuple[tuple[int, ...], ...]
    """By cell's `limits`, then by RLIMIT number."""


def bind_shift(leaf: int, protocol: int) -> int:
    """Where a bind verdict stands: leaf 0 is port, 1 privport; protocol as in PROTOCOLS."""
    return 2 * (leaf * 3 + protocol)


def look_up(t: Tables, root: int, key: int) -> int:
    """The number that a map gives a key."""
    return t.pages[t.tops[root + key // PAGE] + key % PAGE]


def port_number(t: Tables, port: int) -> int:
    """The number of a port; 0 is a port left to the kernel."""
    return t.port_steps[bisect_left(t.port_steps, (port, 0))][1]
