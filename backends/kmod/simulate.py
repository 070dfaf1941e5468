"""Decides requests from the tables alone: the kernel module's procedure, in Python.

It reads the tables as `engine/cellpolicy_decide.c` does and shares nothing with
the reference evaluator; the two are compared on every class of requests.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from backends.kmod.columns import BIND_LEAVES, right_bits
from backends.kmod.positions import places, positions, process_positions, row_positions
from backends.kmod.tables import (
    ALLOW,
    DEFER,
    DENY,
    MAX_PORT,
    ON,
    PAGE,
    PEER_MAP,
    PORT_MAP,
    TO,
    TO_EXCLUDE,
    TO_SELF,
    Axis,
    Class,
    Rule,
    Tables,
    bind_shift,
    listeners,
    tops,
)
from compiler.catalogue.actions import Leaf, load
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, TYPES, Constant
from compiler.ir.ir import HOST, HOST_ROOT, PROTOCOLS, Effect, Request
from compiler.record import NamedTuple, changed

EFFECTS: Mapping[int, Effect] = {DEFER: "allow", DENY: "deny", ALLOW: "grant"}


class Question(NamedTuple):
    """A request in numbers, as the kernel module sees it."""

    leaf: Leaf
    subject: int
    """Cell id, 0 for the host."""
    root: bool
    target: int = 0
    """Cell id of the target process."""
    protocol: int = 0
    """Index into PROTOCOLS."""
    port: int = 0
    socket: tuple[int, int, int] = (0, 0, 0)
    """Classes of domain, type and protocol."""


class Simulator:
    """Answers `decide(request)` for one set of tables."""

    def __init__(self, tables: Tables) -> None:
        self._t = tables
        self._unowned = changed(tables, port_steps=((MAX_PORT, 0),))
        self._leaves = load(tables.target).by_name
        self._rules: dict[tuple[int, int], dict[int, list[Rule]]] = {}
        self._columns: dict[int, tuple[int, ...]] = {}
        """By the place of a set of them."""
        self.places = places()
        self.processes = process_positions()
        self._ids = {cell.name: cell.id for cell in tables.cells[1:]} | {HOST: 0, HOST_ROOT: 0}

    def decide(self, request: Request) -> tuple[Effect, int]:
        """The vote on a request, and the id of the rule that decides or 0 for a default.

        Raises KeyError for a cell or an action that the tables do not have.
        """
        q = self._question(request)
        return EFFECTS[_verdict(self._t, q)], self._rule(self._t, q)

    def decide_unowned(self, request: Request) -> tuple[Effect, int]:
        """The same, if no cell listened on any port."""
        q = self._question(request)
        return EFFECTS[_verdict(self._unowned, q)], self._rule(self._unowned, q)

    def _question(self, request: Request) -> Question:
        t = self._t
        leaf = self._leaves[request.action]
        subject = self._ids[request.subject]
        target = self._ids[request.target] if request.target is not None else 0
        protocol = PROTOCOLS.index(request.protocol) if request.protocol is not None else 0
        socket = 0, 0, 0
        if leaf.dimension in ("socket", "rawsock"):
            socket = (
                _class(t.domains, PROTOCOL_FAMILIES, request.domain),
                _class(t.types, TYPES, request.type),
                _class(t.protocols, IP_PROTOCOLS, request.socket_protocol),
            )
        root = request.subject == HOST_ROOT
        return Question(leaf, subject, root, target, protocol, request.port or 0, socket)

    def _rule(self, t: Tables, q: Question) -> int:
        if q.root:
            return 0
        if q.leaf.dimension == "target" and q.target and _class_of(t, q.target) == 0:
            return 0
        owner = _owner(t, q) if q.leaf.dimension == "bind" else 0
        cell = t.cells[_cell_of(t, owner or q.subject)]
        first, count = cell.rules, cell.nrules
        if owner and owner == q.subject:
            first, count = cell.owned, cell.nowned
        elif owner:
            first, count = cell.listens, cell.nlistens
        rules = self._rules_about(first, count).get(q.leaf.column, [])
        return next((rule_.id for rule_ in rules if _matches(t, rule_, q)), 0)

    def _rules_about(self, first: int, count: int) -> dict[int, list[Rule]]:
        """Some consecutive rules by the columns that they are about."""
        if (first, count) not in self._rules:
            about = self._rules[first, count] = {}
            for rule in self._t.rules[first : first + count]:
                columns = self._columns.get(rule.actions)
                if columns is None:
                    columns = self._columns[rule.actions] = tuple(_members(self._t, rule.actions))
                for column in columns:
                    about.setdefault(column, []).append(rule)
        return self._rules[first, count]


def decide(tables: Tables, request: Request) -> tuple[Effect, int]:
    """The vote on a single request and its rule; use `Simulator` for many."""
    return Simulator(tables).decide(request)


def _class(axis: Axis, constants: Mapping[str, Constant], word: str | None) -> int:
    """The class of a word on an axis; a word of no constant ("other") is in class 0."""
    constant = constants.get(word or "")
    known = constant is not None and constant.value < len(axis.class_of)
    return axis.class_of[constant.value] if constant is not None and known else 0


def _cell_of(t: Tables, id_: int) -> int:
    return t.cell_of[id_] if id_ < len(t.cell_of) else 0


def _class_of(t: Tables, id_: int) -> int:
    return t.class_of[id_] if id_ < len(t.class_of) else 0


def _verdict(t: Tables, q: Question) -> int:
    if q.subject == 0:
        return _host_verdict(t, q)
    number = _class_of(t, q.subject)
    if number == 0:
        return DENY
    class_ = t.classes[number]
    match q.leaf.dimension:
        case "none":
            return _pair(class_.row, positions()[q.leaf.column])
        case "self" | "target":
            return _pair(_crossing(t, class_, q), positions()[q.leaf.column])
        case "bind":
            return _bind_verdict(t, class_, q)
        case "socket" | "rawsock":
            return _pair(t.sockets[t.commons[class_.common].socket], _socket_index(t, q))
    right = right_bits()[q.leaf.name]
    if q.leaf.scope == "vnode":
        return DENY if right & class_.vnode_deny else DEFER
    if right & class_.passthru_deny:
        return DENY
    return ALLOW if right & class_.passthru_grant else DEFER


def _host_verdict(t: Tables, q: Question) -> int:
    if q.root:
        return DEFER
    if q.leaf.scope == "process":
        return DENY if q.target else DEFER
    return DENY if q.leaf.dimension == "bind" and _owner(t, q) else DEFER


def _crossing(t: Tables, class_: Class, q: Question) -> int:
    """The verdicts on process actions with a target."""
    common = t.commons[class_.common]
    if q.target == q.subject:
        return common.own
    if class_.binds[-1] & PEER_MAP:
        known = q.target < len(t.class_of)
        root = class_.named * tops(len(t.class_of))
        return t.crossings[_look_up(t, t.peer_tops, root, q.target) if known else 0]
    if q.target == 0:
        return common.host
    if not _class_of(t, q.target):
        return t.crossings[0]
    return common.named if q.target == class_.named else common.others


def _bind_verdict(t: Tables, class_: Class, q: Question) -> int:
    leaf = BIND_LEAVES.index(q.leaf.name)
    if q.port == 0:
        return class_.row >> 2 * row_positions() + bind_shift(leaf, q.protocol) & 3
    owner = _owner(t, q)
    if owner and owner != q.subject:
        return DENY
    if owner:
        return _pair(listeners(t, q.port).listening, q.protocol)
    if class_.binds[-1] & PORT_MAP:
        root = class_.ends[0] * tops(MAX_PORT + 1)
        return _pair(_look_up(t, t.port_tops, root, q.port), q.protocol)
    return _pair(class_.binds[bisect_left(class_.ends, q.port)], q.protocol)


def _look_up(t: Tables, tops_: Sequence[int], root: int, key: int) -> int:
    """The number that a map, whose first level starts at `root`, gives a key."""
    return t.pages[tops_[root + key // PAGE] + key % PAGE]


def _owner(t: Tables, q: Question) -> int:
    """The cell that listens on a port with a protocol, or 0."""
    return (*listeners(t, q.port)[:2], 0)[q.protocol]


def _socket_index(t: Tables, q: Question) -> int:
    domain, kind, protocol = q.socket
    plane = domain * t.types.size + kind
    if q.leaf.dimension == "rawsock":
        plane = t.domains.size * t.types.size
    return plane * t.protocols.size + protocol


def _pair(row: int, index: int) -> int:
    return row >> 2 * index & 3


def _matches(t: Tables, rule: Rule, q: Question) -> bool:
    """Whether a rule about an action fits what else is asked."""
    dimension = q.leaf.dimension
    if rule.flags & TO:
        own = q.target == q.subject and bool(rule.flags & TO_SELF)
        member = own or _contains(t, rule.to, q.target)
        if dimension not in ("self", "target") or member == bool(rule.flags & TO_EXCLUDE):
            return False
    if dimension == "bind":
        on_protocol = bool(rule.flags & ON << q.protocol)
        return on_protocol and (rule.ports == 0 or _contains(t, rule.ports, q.port))
    if dimension in ("socket", "rawsock") and rule.socket:
        sets = t.sets[rule.socket : rule.socket + 3]
        return all(_contains(t, sets[i], q.socket[i]) for i in range(3))
    return True


def _members(t: Tables, place: int) -> Iterator[int]:
    for bounds in t.sets[place + 1 : place + 1 + t.sets[place]]:
        yield from range(bounds >> 16, (bounds & 0xFFFF) + 1)


def _contains(t: Tables, place: int, value: int) -> bool:
    ranges = t.sets[place + 1 : place + 1 + t.sets[place]]
    return any(r >> 16 <= value <= r & 0xFFFF for r in ranges)
