"""The catalogue of kauth(9) actions per NetBSD release."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Literal

from compiler.record import changed, record

#: NetBSD releases a policy can target, oldest first; "current" is the greatest.
RELEASES = ("9.4", "10.1", "11.0", "current")

Dimension = Literal["none", "self", "target", "bind", "socket", "rawsock", "mask"]


@record
class Default:
    """Who, besides this model and suser, answers ALLOW to a caller that is not root.

    `allows` is "always", "never" or "depends" (on ids, modes or arguments that a
    policy cannot know); `voter` names the listener ("" when there is none);
    `when` says on what it depends.
    """

    voter: str
    allows: Literal["always", "never", "depends"]
    when: str = ""


@record
class Leaf:
    """One question the kernel can ask: an action, or an action with a request.

    `column` numbers leaves across all releases and is never reused.
    `dimension` says what else a request carries: "target" (a process in some
    cell), "self" (a process action whose target is always the caller), "bind"
    (protocol and port), "socket" (domain, type, protocol), "rawsock" (protocol
    only; the domain is inet6 and the type raw), "mask" (several leaves may be
    asked in one call), or "none".
    """

    name: str
    column: int
    scope: str
    action: str
    c_action: str
    c_request: str | None
    dimension: Dimension
    ports: tuple[int, int] | None
    """For "bind": the port numbers this leaf is asked for, besides `auto`."""
    since: str
    """The first release of RELEASES in which the leaf is established."""
    until: str | None
    """The last such release, or None."""
    asked: bool
    """False when the identifier exists but no kernel code asks it."""
    rootlike: bool
    """A grant of it is as good as root: needs @reason."""
    influence: bool
    """For process leaves: a permitted request changes the target."""
    default: Default
    securelevel: int | None
    """secmodel_securelevel denies it when the securelevel is at least this, or None."""
    securelevel_always: bool
    """False when only some requests of this leaf are denied at that level."""
    summary: str
    """One line: what asks it, for people."""
    asked_until: str | None = None
    """The last release whose kernel asks it; None when there is no such end."""
    rootlike_reason: str = ""
    """How a grant of it becomes root, for people: "becomes root", "runs code ..."."""
    securelevel_when: str = ""
    """What the requests have in common that are denied at `securelevel`; "" when it is all."""


@record
class Catalogue:
    """The leaves that one release can ask, in column order."""

    release: str
    leaves: tuple[Leaf, ...]
    by_name: dict[str, Leaf]
    aliases: dict[str, tuple[str, ...]]
    """Other names: an alias and the leaves it stands for."""


def releases(since: str, until: str | None) -> tuple[str, ...]:
    """The releases from `since` to `until`, both included; None is open-ended.

    Raises ValueError for a word that is not in RELEASES.
    """
    last = len(RELEASES) if until is None else RELEASES.index(until) + 1
    return RELEASES[RELEASES.index(since) : last]


def read_data(name: str) -> Any:
    """The content of a JSON file beside this module, validated by `schema` in the tests."""
    text = Path(__file__).parent.joinpath("data", name).read_text("utf-8")
    return json.loads(text)


@functools.cache
def _data() -> Any:
    return read_data("actions.json")


#: What a leaf is when its entry does not say otherwise.
_ABSENT: dict[str, Any] = {
    "c_request": None,
    "dimension": "none",
    "ports": None,
    "until": None,
    "asked": True,
    "influence": False,
    "default": {"voter": "", "allows": "never"},
    "securelevel": None,
    "securelevel_when": "",
    "asked_until": None,
    "rootlike_reason": "",
}


def _leaf(entry: dict[str, Any]) -> Leaf:
    raw = {**_ABSENT, **entry}
    raw["default"] = Default(**raw["default"])
    raw["ports"] = raw["ports"] and tuple(raw["ports"])
    return Leaf(
        **raw,
        rootlike=bool(raw["rootlike_reason"]),
        securelevel_always=not raw["securelevel_when"],
    )


@functools.cache
def all_leaves() -> tuple[Leaf, ...]:
    """Every leaf of every release, in column order.

    `asked` holds for a leaf that some release asks; `load` narrows it to one release.
    """
    return tuple(_leaf(raw) for raw in _data()["leaves"])


def _in_release(leaf: Leaf, release: str) -> Leaf:
    if leaf.asked_until is None or release in releases(leaf.since, leaf.asked_until):
        return leaf
    return changed(leaf, asked=False)


@functools.cache
def load(release: str) -> Catalogue:
    """The catalogue of one release of RELEASES.

    Raises KeyError for any other word.
    """
    if release not in RELEASES:
        raise KeyError(release)
    leaves = tuple(
        _in_release(leaf, release)
        for leaf in all_leaves()
        if release in releases(leaf.since, leaf.until)
    )
    by_name = {leaf.name: leaf for leaf in leaves}
    aliases = {
        alias: tuple(names)
        for alias, names in _data()["aliases"].items()
        if all(name in by_name for name in names)
    }
    return Catalogue(release, leaves, by_name, aliases)
