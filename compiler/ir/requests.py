"""Enumerates what the kernel can ask: one request per equivalence class.

Two requests are equivalent for a policy when no rule and no reservation of it
tells them apart; the classes are the actions of the target's catalogue times
target cells, times port intervals between the bounds that the policy mentions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, product
from operator import attrgetter

from compiler.catalogue.actions import Catalogue, Leaf, load
from compiler.ir.ir import (
    AUTO,
    HOST,
    HOST_ROOT,
    IR,
    OTHER,
    PROTOCOLS,
    Layer,
    Request,
    RequestSet,
    Rule,
)
from compiler.record import NamedTuple

#: The domain and type that network.socket.rawsock is always asked with (raw IPv6).
RAWSOCK_DOMAIN = "inet6"
RAWSOCK_TYPE = "raw"


_SOCKETS = attrgetter("domains", "types", "socket_protocols")


class Words(NamedTuple):
    """The words that socket conditions name, each list closed by "other"."""

    domains: list[str]
    types: list[str]
    socket_protocols: list[str]


def words_of(sets: Iterable[RequestSet]) -> Words:
    """All words that some sets of requests name."""
    named = set(map(_SOCKETS, sets))  # few that differ
    columns = ({word for row in named for word in row[i] or ()} for i in range(3))
    return Words(*([*sorted(words - {OTHER}), OTHER] for words in columns))


def words_of_rules(rules: Iterable[Rule]) -> Words:
    """All words that some rules name."""
    return words_of(rule.requests for rule in rules)


class Axes:
    """The values that rules tell apart, per condition; each list of words ends with the rest."""

    def __init__(self, sets: Iterable[RequestSet], words: Words | None = None) -> None:
        sets = list(sets)
        bounds = {1, 1024, 65536}
        for requests in sets:
            for low, high in requests.ports or ():
                bounds |= {low, high + 1}
        cuts = sorted(b for b in bounds if b > AUTO)
        self.ports = [(AUTO, AUTO), *((a, b - 1) for a, b in pairwise(cuts))]
        words = words or words_of(sets)
        self.domains, self.types, self.socket_protocols = words


def axes_of(ir: IR) -> Axes:
    """The axes of a whole policy; its `listen` statements are among the rules."""
    return Axes(rule.requests for rule in ir.rules)


def asked_for(leaf: Leaf, ports: tuple[int, int]) -> bool:
    """Whether the kernel asks `leaf` about this interval of ports."""
    assert leaf.ports is not None
    return ports[0] == AUTO or (leaf.ports[0] <= ports[0] and ports[1] <= leaf.ports[1])


def is_asked(leaf: Leaf, request: Request) -> bool:
    """Whether the kernel asks `leaf` about such a port, or such a target."""
    if leaf.ports is not None and request.port is not None:
        return asked_for(leaf, (request.port, request.port))
    own = HOST if request.subject == HOST_ROOT else request.subject
    return leaf.dimension != "self" or request.target == own


def requests(ir: IR, subject: str, axes: Axes | None = None) -> Iterator[Request]:
    """Every class of requests of one subject, for every target, by its first member."""
    axes = axes or axes_of(ir)
    targets = [cell.name for cell in ir.cells] + [HOST]
    for leaf in load(ir.target).leaves:
        yield from leaf_requests(leaf, subject, targets, axes)


def leaf_requests(leaf: Leaf, subject: str, targets: list[str], axes: Axes) -> Iterator[Request]:
    """The classes of one leaf."""
    name = leaf.name
    if leaf.dimension == "target":
        for target in targets:
            yield Request(subject, name, target=target)
    elif leaf.dimension == "self":
        yield Request(subject, name, target=HOST if subject == HOST_ROOT else subject)
    elif leaf.dimension == "bind":
        for protocol, ports in product(PROTOCOLS, axes.ports):
            if asked_for(leaf, ports):
                yield Request(subject, name, protocol=protocol, port=ports[0])
    elif leaf.dimension == "socket":
        for domain, kind, protocol in product(axes.domains, axes.types, axes.socket_protocols):
            yield Request(subject, name, domain=domain, type=kind, socket_protocol=protocol)
    elif leaf.dimension == "rawsock":
        for protocol in axes.socket_protocols:
            yield Request(
                subject,
                name,
                domain=RAWSOCK_DOMAIN,
                type=RAWSOCK_TYPE,
                socket_protocol=protocol,
            )
    else:
        yield Request(subject, name)


def all_requests(ir: IR) -> Iterator[Request]:
    """Every class of every subject, the host's unprivileged processes included."""
    axes = axes_of(ir)
    for subject in [cell.name for cell in ir.cells] + [HOST, HOST_ROOT]:
        yield from requests(ir, subject, axes)


def matches(ir: IR, requests: RequestSet, request: Request) -> bool:
    """Whether a request is in a set of requests."""
    return request.action in ir.action_sets[requests.actions] and fits(requests, request)


def fits(requests: RequestSet, request: Request) -> bool:
    """Whether a request meets the conditions of a set, its actions aside."""
    r = requests
    target = request.target
    if r.to is not None:
        named = target in r.to.members or (target == request.subject and "self" in r.to.members)
        if target is None or named == r.to.exclude:
            return False
    port = request.port
    return (
        (r.protocols is None or request.protocol in r.protocols)
        and (r.ports is None or (port is not None and any(a <= port <= b for a, b in r.ports)))
        and (r.domains is None or request.domain in r.domains)
        and (r.types is None or request.type in r.types)
        and (r.socket_protocols is None or request.socket_protocol in r.socket_protocols)
    )


def layer_sets(ir: IR, layers: Iterable[Layer]) -> Iterator[RequestSet]:
    """The request sets of all rules of some layers."""
    for layer in layers:
        for rule in layer.rules:
            yield ir.rules[rule].requests


def catalogue(ir: IR) -> Catalogue:
    """The catalogue of the policy's target."""
    return load(ir.target)
