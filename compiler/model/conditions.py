"""The conditions of rules: which actions have them, and what they can be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from compiler.catalogue.actions import Leaf
from compiler.catalogue.words import DOMAINS, SOCKET_PROTOCOLS, SOCKET_TYPES
from compiler.ir.ir import AUTO, Peers, Ranges
from compiler.ir.requests import RAWSOCK_DOMAIN, RAWSOCK_TYPE
from compiler.source import Span

#: What the words of a condition are, the code for a wrong one, and the known ones.
WORDS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "domain": ("a protocol family (PF_)", "E0409", DOMAINS),
    "type": ("a socket type (SOCK_)", "E0410", SOCKET_TYPES),
    "protocol": ("an IP protocol (IPPROTO_)", "E0411", SOCKET_PROTOCOLS),
}

#: The dimensions of leaves that each condition is about.
DIMENSIONS = {
    "to": ("target", "self"),
    "tcp": ("bind",),
    "udp": ("bind",),
    "port": ("bind",),
    "domain": ("socket", "rawsock"),
    "type": ("socket", "rawsock"),
    "protocol": ("socket", "rawsock"),
}

#: For people: which actions have a condition.
WHO_HAS = {
    "to": "only process actions have a target",
    "tcp": "only network.bind has a transport protocol",
    "udp": "only network.bind has a transport protocol",
    "port": "only network.bind.{port, privport} have a port",
    "domain": "only network.socket has a domain",
    "type": "only network.socket has a type",
    "protocol": "only network.socket has an IP protocol",
}


class Conditions:
    """The conditions of one rule while they are read."""

    def __init__(self) -> None:
        self.to: Peers | None = None
        self.protocols: tuple[str, ...] | None = None
        self.ports: Ranges | None = None
        self.words: dict[str, tuple[str, ...]] = {}
        self.seen: dict[str, Span] = {}


def why_nothing(leaves: tuple[Leaf, ...], read: Conditions) -> str:
    """Why none of some actions can be asked with the conditions."""
    ports = {leaf.name: leaf.ports for leaf in leaves if leaf.ports is not None}
    if read.ports is not None and ports:
        asked = (
            f"`{name}` is asked for ports {low} to {high}" for name, (low, high) in ports.items()
        )
        return " and ".join(asked)
    return "the kernel never asks this action with these conditions"


def carried(leaves: tuple[Leaf, ...], read: Conditions) -> tuple[str, ...]:
    """The names of those leaves that the kernel can ask in a way that the conditions match."""
    if not read.seen:
        return tuple([leaf.name for leaf in leaves])
    able = _having(tuple(read.seen))
    return tuple([leaf.name for leaf in leaves if leaf.dimension in able and _met(leaf, read)])


@cache
def _having(conditions: tuple[str, ...]) -> frozenset[str]:
    """The dimensions of leaves that have all of some conditions."""
    return frozenset.intersection(*[frozenset(DIMENSIONS[kind]) for kind in conditions])


def _met(leaf: Leaf, read: Conditions) -> bool:
    """Whether a leaf that has the conditions is asked with what they are about."""
    if leaf.dimension == "bind" and read.ports is not None:
        assert leaf.ports is not None
        least, most = leaf.ports
        return any(a == AUTO or (a <= most and b >= least) for a, b in read.ports)
    if leaf.dimension == "rawsock":
        domains, types = read.words.get("domain"), read.words.get("type")
        return (domains is None or RAWSOCK_DOMAIN in domains) and (
            types is None or RAWSOCK_TYPE in types
        )
    return True
