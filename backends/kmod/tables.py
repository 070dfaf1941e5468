"""The tables of the kernel module: their meaning, whatever form they are written in.

Positions and numbers are those that `engine/cellpolicy_tables.h` describes; the
C file and the loadable image hold exactly these values.
"""

from __future__ import annotations

from bisect import bisect_left

from compiler.catalogue.words import RLIMITS
from compiler.record import NamedTuple, record

#: Verdicts, two bits each.
DEFER, DENY, ALLOW = 0, 1, 2

#: Ends of stretches of ports in a class.
ENDS = 6
#: Flags of its last verdicts: there is a map instead.
PORT_MAP, PEER_MAP = 0x80, 0x40
#: Verdicts on a port, and, in `listening`, where the protocols stand.
BIND_BITS, WITH = 0x3F, 6

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
    """What cells of one class may do."""

    row: int
    """Verdicts, two bits a position from the lowest; after those ports left to the kernel."""
    vnode_deny: int
    passthru_deny: int
    passthru_grant: int
    common: int
    named: int
    """The cell that is told apart from others as a target, or 0; with PEER_MAP a map's number."""
    ends: tuple[int, ...]
    """Where ENDS stretches of ports end (inclusive); with PORT_MAP first a map's number."""
    binds: tuple[int, ...]
    """Verdicts on the ports of each stretch, by protocol; the last with flags."""


class Common(NamedTuple):
    """What many classes have in common: verdicts on process actions by target, and on sockets."""

    own: int
    host: int
    named: int
    others: int
    socket: int
    """Number of a socket row."""


class Owner(NamedTuple):
    """A port's cells that no cell's record stands for; see `Cell.listening`."""

    tcp: int
    """Cell id, 0 for nobody."""
    udp: int
    listening: int


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
    listens: int
    """The same for the rules by which it listens."""
    nlistens: int
    listening: int
    """On its ports: its own verdicts, as in `Class.binds`, and with which protocols it listens."""


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
    classes: tuple[Class, ...]
    """Number 0 is for ids that the policy does not know."""
    commons: tuple[Common, ...]
    port_tops: tuple[int, ...]
    """All maps from ports to verdicts, a page for each stretch of keys: its place in `pages`."""
    peer_tops: tuple[int, ...]
    """All maps from cell ids to crossings."""
    pages: tuple[int, ...]
    crossings: tuple[int, ...]
    """Verdicts on process actions that leave the cell; number 0 denies them all."""
    port_steps: tuple[tuple[int, int], ...]
    """Consecutive stretches of ports: the last one, and the owner of its ports or 0: a cell id,
    or a place in `owners` counted from one more than the greatest id."""
    owners: tuple[Owner, ...]
    sockets: tuple[int, ...]
    """Verdicts by domain, type and protocol, then those of rawsock by protocol."""
    domains: Axis
    types: Axis
    protocols: Axis
    cells: tuple[Cell, ...]
    """Number 0 stands for ids that the policy does not know; then by id."""
    rules: tuple[Rule, ...]
    sets: tuple[int, ...]
    """At a position: a count, then so many ranges `low << 16 | high`."""
    ceilings: tuple[tuple[int, ...], ...]
    """By cell's `limits`, then by RLIMIT number."""


def bind_shift(leaf: int, protocol: int) -> int:
    """Where a verdict on a port left to the kernel stands after the positions of a row.

    Leaf 0 is port, 1 privport; protocol as in PROTOCOLS.
    """
    return 2 * (leaf * 3 + protocol)


def tops(keys: int) -> int:
    """How many pages a map of so many keys has."""
    return -(-keys // PAGE)


def listeners(t: Tables, port: int) -> Owner:
    """Who listens on a port, and how; 0 is a port left to the kernel."""
    owner = t.port_steps[bisect_left(t.port_steps, (port, 0))][1]
    if owner >= len(t.class_of):
        return t.owners[owner - len(t.class_of)]
    listening = t.cells[t.cell_of[owner]].listening
    with_ = listening >> WITH
    return Owner(owner * (with_ & 1), owner * (with_ >> 1), listening)
