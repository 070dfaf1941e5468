"""The catalogue of sysctl(7) nodes per NetBSD release, and the values they take."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Literal

from compiler.catalogue.actions import RELEASES, read_data, releases
from compiler.pattern import pattern
from compiler.record import changed, record

Type = Literal["int", "uint", "bool", "quad", "string", "ports", "mode"]

#: Who may write: root, under these conditions (handlers of the nodes; sysctl(7), secmodel(9)).
#: "zero-if-securelevel<=0" takes 0 only while the securelevel is at most 0 and all else always,
#: "nonzero-if-securelevel<=0" the other way round; "trigger" acts and holds no value;
#: "key-open" wants the hardware key of keylock(4) in its open state.
Write = Literal[
    "never",
    "always",
    "raise-only",
    "securelevel<=0",
    "zero-if-securelevel<=0",
    "nonzero-if-securelevel<=0",
    "trigger",
    "key-open",
]

#: The first release for which the newest sources stand, those of 10.99.12: no pull-up to the
#: branch of 11 changes a default (doc/CHANGES-11.0 1.1.2.65).
_NEWEST = "11.0"

#: The names under which the securelevel itself is a node.
SECURELEVEL = ("security.models.securelevel.securelevel",)

_LIMITS: Mapping[str, tuple[int, int]] = {
    "int": (-(2**31), 2**31 - 1),
    "uint": (0, 2**32 - 1),
    "bool": (0, 1),
    "quad": (-(2**63), 2**63 - 1),
}
#: C notation, as sysctl(8) reads numbers.
_NUMBER = pattern(r"-?(0[xX][0-9a-fA-F]{1,16}|0[0-7]{0,22}|[1-9][0-9]{0,19})")
_LEADING = pattern(r"-?[0-9]+")
_BLANKS = " \t\v\f\r"
_PORTS = pattern(r"[0-9]{1,5}(,[0-9]{1,5})*", re.ASCII)


@record
class Range:
    """What a node accepts beyond its type; None or () does not narrow."""

    min: int | None = None
    max: int | None = None
    mask: int | None = None
    """The bits a value may have."""
    words: tuple[str, ...] = ()
    pattern: str | None = None
    """A regular expression that the whole value matches."""


@record
class Default:
    """The kernel's own value of a node in some releases."""

    since: str
    until: str
    value: str
    source: str
    """Where that was read: a file and its revisions, or a manual page."""


@record
class Node:
    """One sysctl node."""

    name: str
    canonical: str
    """The name under which the same variable is known first; `name` itself but for aliases."""
    type: Type
    since: str
    until: str | None
    write: Write
    range: Range
    takes: str
    """The values it takes, for people."""
    default: str
    """The kernel's own value, for people; often a matter of kernel options.

    Of the newest sources, which stand for 11.0 and later; of a release that `load` was asked
    for, where it is established.
    """
    earlier: tuple[Default, ...]
    """The kernel's own value in releases before that, as far as it is established."""
    hardened: str | None
    """The value a hardened host would have, or None when that is a matter of choice."""
    absent: str | None
    """The value as which a kernel without the node behaves, where that is established."""
    needs: str
    """The kernel option, module or architecture without which the node is absent, or ""."""
    summary: str
    note: str

    def optional(self, value: str) -> bool:
        """Whether a kernel without the node may skip it: the node protects nothing, or what it
        would turn off is not there either."""
        off = self.absent is not None and integer(value) == integer(self.absent)
        return bool(self.needs) and (self.hardened is None or off)


@record
class Nodes:
    """The nodes established for one release, by name, aliases included."""

    release: str
    nodes: dict[str, Node]

    def default(self, name: str) -> str | None:
        """The kernel's own value of a node; None where it has none or none is established."""
        node = self.nodes[name]
        return _default_in(all_nodes()[node.canonical], self.release)


def _node(raw: dict[str, Any]) -> Node:
    limits = raw.get("range", {})
    return Node(
        name=raw["name"],
        canonical=raw.get("alias_of", raw["name"]),
        type=raw["type"],
        since=raw["since"],
        until=raw.get("until"),
        write=raw["write"],
        range=Range(**{**limits, "words": tuple(limits.get("words", ()))}),
        takes=raw.get("takes", ""),
        default=raw.get("default", ""),
        earlier=tuple(Default(**entry) for entry in raw.get("earlier", ())),
        hardened=raw.get("hardened"),
        absent=raw.get("absent"),
        needs=raw.get("needs", ""),
        summary=raw["summary"],
        note=raw.get("note", ""),
    )


@functools.cache
def all_nodes() -> Mapping[str, Node]:
    """Every node of every release by name."""
    return {raw["name"]: _node(raw) for raw in read_data("sysctl.json")["nodes"]}


def _default_in(node: Node, release: str) -> str | None:
    if RELEASES.index(release) >= RELEASES.index(_NEWEST):
        return node.default or None
    for entry in node.earlier:
        if release in releases(entry.since, entry.until):
            return entry.value
    return None


def _as_in(node: Node, release: str) -> Node:
    """The node with the default of a release, or the newest one where that is not established."""
    found = _default_in(all_nodes()[node.canonical], release)
    return node if found in (None, node.default) else changed(node, default=found or "")


@functools.cache
def load(release: str) -> Nodes:
    """The nodes established for one release of RELEASES.

    Raises KeyError for any other word.
    """
    if release not in RELEASES:
        raise KeyError(release)
    known = {
        name: _as_in(node, release)
        for name, node in all_nodes().items()
        if release in releases(node.since, node.until)
    }
    return Nodes(release, known)


def node_for(name: str) -> Node | None:
    """The node of any release called `name`."""
    return all_nodes().get(name)


def releases_with(name: str) -> tuple[str, ...]:
    """The releases for which a node is established; none for an unknown name."""
    node = node_for(name)
    return () if node is None else releases(node.since, node.until)


def canonical(name: str) -> str:
    """The first name of the variable behind `name`; `name` itself when it is not known."""
    node = node_for(name)
    return name if node is None else node.canonical


def integer(text: str) -> int | None:
    """A number in C notation as sysctl(8) reads it, or None."""
    text = text.strip(" \t")
    if _NUMBER.fullmatch(text) is None:
        return None
    digits = text.lstrip("-")
    if digits.lower().startswith("0x"):
        value = int(digits, 16)
    else:
        value = int(digits, 8 if digits.startswith("0") else 10)
    return -value if text.startswith("-") else value


def _takes(node: Node) -> str:
    if node.takes:
        return f"it takes {node.takes}"
    if node.range.words:
        return f"it takes one of {', '.join(node.range.words)}"
    return f"it takes a value of type {node.type}"


def _fits_number(node: Node, text: str) -> bool:
    value = integer(text)
    if value is None:
        return False
    low, high = _LIMITS[node.type]
    limits = node.range
    low = low if limits.min is None else max(low, limits.min)
    high = high if limits.max is None else min(high, limits.max)
    mask = -1 if limits.mask is None else limits.mask
    return low <= value <= high and (limits.mask is None or 0 <= value == value & mask)


def _fits_ports(text: str) -> bool:
    if text == "":
        return True
    if _PORTS.fullmatch(text) is None:
        return False
    return all(1 <= int(port) <= 65535 for port in text.split(","))


def _fits(node: Node, text: str) -> bool:
    if node.type in _LIMITS:
        return _fits_number(node, text)
    if node.type == "ports":
        return _fits_ports(text)
    if node.range.words:
        return text in node.range.words
    return node.range.pattern is None or re.fullmatch(node.range.pattern, text) is not None


def check_value(node: Node, text: str) -> str | None:
    """None when `node` takes `text`, else what it takes, for people."""
    if node.write == "never":
        return "it is read only"
    if node.write == "key-open":
        return "it can be set only while the hardware key is in its open position"
    return None if _fits(node, text) else _takes(node)


def direction(name: str, value: str) -> Literal["weaker", "stronger", "equal"] | None:
    """How a value compares with the kernel's own: nearer to the hardened one is stronger.

    None where the catalogue does not know both, or neither is better.
    """
    node = node_for(canonical(name))
    given = integer(value)
    if node is None or node.hardened is None or given is None:
        return None
    hardened, default = integer(node.hardened), leading_number(node.default)
    if hardened is None or default is None:
        return None
    ours, theirs = abs(given - hardened), abs(default - hardened)
    return "weaker" if ours > theirs else "stronger" if ours < theirs else "equal"


def same(value: str, default: str) -> bool:
    """Whether a value is what the description of a default names, for certain."""
    known = {"true": 1, "false": 0}.get(default, integer(default))
    return value == default if known is None else integer(value) == known


def leading_number(default: str) -> int | None:
    """The number that the description of a default begins with."""
    found = _LEADING.match(default)
    return int(found[0]) if found else None


def conf_problem(text: str) -> str | None:
    """Why a line `name=text` of sysctl.conf(5) would give a node another value, or None.

    The file has no quoting: `#` starts a comment even after a backslash, blanks
    before the value are dropped, and a backslash at the end continues the line
    (fparseln(3) as sysctl(8) calls it).
    """
    if "\n" in text or "#" in text:
        return "a sysctl.conf value cannot hold a newline or `#`"
    if text != text.lstrip(_BLANKS):
        return "a sysctl.conf value cannot start with a blank"
    if text.endswith("\\"):
        return "a sysctl.conf value cannot end with a backslash"
    return None
