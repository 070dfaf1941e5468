"""What docs/language.md and docs/asking.md say of influence and of near requests, word by word.

Request by request and pair by pair, with no boxes and no sets of subjects: slow, and plain
enough to be read beside the pages.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any, NamedTuple

from compiler.analysis.edges import _INSIDE, _INTERPRETERS, _OF_ROOT
from compiler.catalogue.actions import Leaf, load
from compiler.catalogue.voters import Outcome, Socket, VoterSettings, is_root_user, outcome
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import AUTO, HOST, HOST_ROOT, IR, OTHER, Cell, Decision, Request
from compiler.ir.requests import all_requests, axes_of


class Fact(NamedTuple):
    """One class of requests, with what is decided and what becomes of it."""

    request: Request
    leaf: Leaf
    decision: Decision
    outcome: Outcome


def facts(ir: IR) -> list[Fact]:
    """Every class of every subject."""
    leaves = load(ir.target).by_name
    sysctls = {s.name: s.value for s in ir.host.sysctls}
    level = -1 if ir.host.securelevel is None else ir.host.securelevel
    host = VoterSettings(level, sysctls)
    as_root = {HOST_ROOT, *(c.name for c in ir.cells if is_root_user(c.user))}
    evaluator = Evaluator(ir)
    made = []
    for request in all_requests(ir):
        leaf, decision = leaves[request.action], evaluator.decide(request)
        socket = Socket(request.domain, request.type)
        end = outcome(leaf, decision.effect, request.subject in as_root, host, socket)
        made.append(Fact(request, leaf, decision, end))
    return made


# Influence


def direct(ir: IR, known: list[Fact]) -> dict[str, set[str]]:
    """Whom each subject influences directly."""
    names = [*(cell.name for cell in ir.cells), HOST]
    found: dict[str, set[str]] = {name: set() for name in names}
    for source, target in (*_process(ir, known), *_files(ir), *_ipc(known), *_ports(ir, known)):
        if source in found and source != target:
            found[source].add(target)
    for source in (*_hooks(ir), *_powers(known)):
        if source in found and source != HOST:
            found[source].add(HOST_ROOT)
    return {**found, HOST_ROOT: set(names)}


def _root_cells(ir: IR) -> set[str]:
    return {cell.name for cell in ir.cells if is_root_user(cell.user)}


def _process(ir: IR, known: list[Fact]) -> Iterator[tuple[str, str]]:
    for fact in known:
        request = fact.request
        if not fact.leaf.influence or fact.decision.effect == "deny":
            continue
        if request.target is not None and request.target != request.subject:
            yield request.subject, request.target
            if request.target == HOST and request.subject in _root_cells(ir):
                yield request.subject, HOST_ROOT


def _writes(cell: Cell) -> list[str]:
    assert cell.root is not None
    own = cell.root if cell.base is None else cell.root + ".overlay"
    return [own, *(mount.source for mount in cell.mounts if mount.mode == "rw")]


def _sees(cell: Cell) -> list[str]:
    assert cell.root is not None
    read = [mount.source for mount in cell.mounts]
    return [*_writes(cell), *read, cell.root, *([cell.base] if cell.base else [])]


def _touch(one: str, other: str) -> bool:
    return (one + "/").startswith(other + "/") or (other + "/").startswith(one + "/")


def _files(ir: IR) -> Iterator[tuple[str, str]]:
    for a in ir.cells:
        if a.root is None and a.name in _root_cells(ir):
            yield a.name, HOST_ROOT
        if a.root is not None and any(_touch(w, d) for w in _writes(a) for d in _OF_ROOT):
            yield a.name, HOST_ROOT
        for b in ir.cells:
            rootless = a.root is None or b.root is None
            if rootless or any(_touch(w, s) for w in _writes(a) for s in _sees(b)):
                yield a.name, b.name


def _ipc(known: list[Fact]) -> Iterator[tuple[str, str]]:
    for action in ("system.sysvipc.bypass", "system.semaphore", "system.mqueue"):
        sharing = [
            fact.request.subject
            for fact in known
            if fact.request.action == action
            and fact.decision.effect != "deny"
            and fact.request.subject not in (HOST, HOST_ROOT)
        ]
        for a in sharing:
            for b in sharing:
                yield a, b


def _ports(ir: IR, known: list[Fact]) -> Iterator[tuple[str, str]]:
    binds = [
        fact
        for fact in known
        if fact.leaf.dimension == "bind"
        and fact.request.action in ("network.bind.port", "network.bind.privport")
        and fact.request.port != AUTO
        and fact.request.subject != HOST_ROOT
        and fact.decision.effect != "deny"
        and fact.outcome.result != "refused"
    ]
    takers: dict[tuple[object, object], list[str]] = {}
    for fact in binds:
        at = fact.request.protocol, fact.request.port
        takers.setdefault(at, []).append(fact.request.subject)
    for fact in binds:
        rule = None if fact.decision.rule is None else ir.rules[fact.decision.rule]
        if rule is not None and not rule.listen and rule.requests.ports is not None:
            for taker in takers[fact.request.protocol, fact.request.port]:
                yield taker, fact.request.subject


def _hooks(ir: IR) -> Iterator[str]:
    for owner in ir.cells:
        for hook in owner.hooks:
            name = posixpath.basename(hook.argv[0]).rstrip("0123456789.")
            words = hook.argv if name in _INTERPRETERS else hook.argv[:1]
            files = [posixpath.normpath(word) for word in words if word.startswith("/")]
            for a in ir.cells:
                writes = [] if a.root is None else _writes(a)
                if any((file + "/").startswith(w + "/") for file in files for w in writes):
                    yield a.name


def is_power(leaf: Leaf) -> bool:
    """Whether a leaf changes the host as a whole."""
    return bool(
        leaf.rootlike and leaf.asked and leaf.scope != "process" and leaf.name not in _INSIDE
    )


def _powers(known: list[Fact]) -> Iterator[str]:
    for fact in known:
        given = any(ballot.vote == "allow" for ballot in fact.outcome.ballots)
        works = fact.outcome.result == "works" or (fact.outcome.result == "depends" and given)
        if is_power(fact.leaf) and fact.decision.effect != "deny" and works:
            yield fact.request.subject


def distances(graph: dict[str, set[str]], source: str) -> dict[str, int]:
    """How many steps it takes to each that can be influenced at all."""
    found, ring = {source: 0}, [source]
    while ring:
        new = {target for one in ring for target in graph[one]} - found.keys()
        found.update(dict.fromkeys(new, found[ring[0]] + 1))
        ring = sorted(new)
    return found


# The nearest request


def changes(request: Request, other: Request) -> tuple[int, int, int, int]:
    """How unlike two requests of one action are: target, transport, words, distance of ports."""
    words = sum(
        getattr(request, field) != getattr(other, field)
        for field in ("domain", "type", "socket_protocol")
    )
    ports = abs((request.port or 0) - (other.port or 0))
    return (
        int(request.target != other.target),
        int(request.protocol != other.protocol),
        words,
        ports,
    )


def at_nearest_port(ir: IR, request: Request, other: Request) -> Request:
    """The member of the other's class whose port is nearest."""
    if request.port is None or other.port is None:
        return other
    low, high = next(span for span in axes_of(ir).ports if span[0] == other.port)
    return other._replace(port=min(max(request.port, low), high))


def known_words(ir: IR, request: Request) -> Request:
    """A request in words that rules tell apart; "other" stands for the rest."""
    if request.domain is None:
        return request
    axes = axes_of(ir)
    fields = {"domain": axes.domains, "type": axes.types, "socket_protocol": axes.socket_protocols}
    told: dict[str, Any] = {name: getattr(request, name) for name in fields}
    if request.action == "network.socket.rawsock":
        del told["domain"], told["type"]
    for name, word in told.items():
        told[name] = word if word in fields[name] else OTHER
    return request._replace(**told)
