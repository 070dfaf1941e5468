"""The catalogue of kauth(9) actions per NetBSD release."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import Literal

#: NetBSD releases a policy can target, oldest first; "current" is the greatest.
RELEASES = ("9.4", "10.1", "11.0", "current")

Dimension = Literal["none", "self", "target", "bind", "socket", "rawsock", "mask"]


@dataclass(frozen=True, slots=True)
class Default:
    """Who, besides this model and suser, answers ALLOW to a caller that is not root.

    `allows` is "always", "never" or "depends" (on ids, modes or arguments that a
    policy cannot know); `voter` names the listener; `when` says on what it depends.
    """

    voter: str
    allows: Literal["always", "never", "depends"]
    when: str = ""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The leaves that one release can ask, in column order."""

    release: str
    leaves: tuple[Leaf, ...]
    by_name: dict[str, Leaf]
    aliases: dict[str, tuple[str, ...]]
    """Other names: an alias and the leaves it stands for."""


@functools.cache
def all_leaves() -> tuple[Leaf, ...]:
    """Every leaf of every release, in column order."""
    raise NotImplementedError


@functools.cache
def load(release: str) -> Catalogue:
    """The catalogue of one release of RELEASES.

    Raises KeyError for any other word.
    """
    raise NotImplementedError
