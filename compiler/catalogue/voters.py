"""What the other listeners of kauth(9) make of a vote: works, refused and by whom, or depends.

kauth(9) asks every listener of a scope: one DENY refuses; otherwise one ALLOW is
needed; when all defer, the request fails.  In the vnode scope the file system
decides when all defer, so it stands here as a listener that may allow
(kauth_authorize_action and kauth_authorize_vnode in sys/kern/kern_auth.c).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Literal

from compiler.catalogue.actions import Leaf, all_leaves, read_data
from compiler.catalogue.sysctl import canonical, integer
from compiler.record import NOTHING, NamedTuple, record

Vote = Literal["deny", "allow", "defer", "depends"]
Remark = Literal["", "redundant deny", "powerless allow", "powerless grant", "redundant grant"]

CELLPOLICY = "cellpolicy"
#: Who refuses when every listener defers.
DEFAULT = "default"

#: Scopes in which the models of the base system listen, besides suser in all of them.
_SCOPES = {
    "securelevel": ("system", "process", "network", "machdep", "device", "vnode"),
    "extensions": ("process", "network", "system", "vnode"),
}

#: Leaves that suser does not answer, even for root: either a listener below does, or nobody
#: (secmodel_suser_device_cb, _system_cb and _generic_cb in sys/secmodel/suser/secmodel_suser.c).
_SUSER_SILENT = ("device.rawio_", "generic.unused1", "system.debug")
#: Root may execute a file only if it has an execute bit (secmodel_suser_vnode_cb).
_SUSER_WHEN = {"vnode.execute": "the file has an execute bit"}

#: Domains in which anyone may open a raw socket (socket_listener_cb in sys/kern/uipc_socket.c).
_RAW_DOMAINS = ("route", "oroute", "bluetooth", "can")
_OTHER = "other"

#: Names of the user with the id 0 in the base system's passwd(5).
_ROOT_NAMES = ("root", "toor")


@record
class VoterSettings:
    """What a policy says about the host; nodes it does not set have the kernel's values.

    The securelevel is -1 (that of kernels with options INSECURE) when nothing is said.
    """

    securelevel: int = -1
    sysctls: Mapping[str, str] = NOTHING


class Socket(NamedTuple):
    """Domain and type of a network.socket.open request; None or "other" is any."""

    domain: str | None = None
    type: str | None = None


_ANY_SOCKET = Socket()


@record
class Ballot:
    """One listener's vote.  One that `depends` is `might` when `when` holds, else defer."""

    voter: str
    vote: Vote
    might: Literal["deny", "allow"] | None = None
    when: str = ""


@record
class Outcome:
    """What becomes of a request."""

    result: Literal["works", "refused", "depends"]
    by: str
    """The voter that settles it: the first to deny, else the first to allow, or "default"."""
    ballots: tuple[Ballot, ...]
    remark: Remark = ""
    """What is odd about the cell's vote: it changes nothing, or does not do what it says."""

    def refused_by(self, voter: str) -> bool:
        """Whether `voter` is to blame: it denied, or all deferred and it could have allowed."""
        if self.result != "refused":
            return False
        if self.by != DEFAULT:
            return any(b.voter == voter and b.vote == "deny" for b in self.ballots)
        return voter in (DEFAULT, "suser")


class _Switch(NamedTuple):
    """A listener whose vote hangs on a sysctl node."""

    voter: str
    node: str
    default: int
    test: Literal["nonzero", "equals", "at-least"]
    operand: int
    caller: Literal["user", "anyone"]
    vote: Literal["deny", "allow"]
    when: str

    def on(self, host: VoterSettings) -> bool:
        """Whether the host's value of the node makes this listener vote."""
        value = _value(host, self.node)
        value = self.default if value is None else value
        match self.test:
            case "nonzero":
                return value != 0
            case "equals":
                return value == self.operand
            case "at-least":
                return value >= self.operand


def _value(host: VoterSettings, node: str) -> int | None:
    for name, text in host.sysctls.items():
        if canonical(name) == node:
            return integer(text)
    return None


@functools.cache
def _switches() -> Mapping[str, tuple[_Switch, ...]]:
    """Switches by the name of the leaf they answer."""
    found: dict[str, tuple[_Switch, ...]] = {}
    for raw in read_data("voters.json")["switches"]:
        switch = _Switch(*(raw[name] for name in _Switch._fields))
        for leaf in raw["leaves"]:
            found[leaf] = (*found.get(leaf, ()), switch)
    return found


def switched_by(node: str) -> tuple[str, ...]:
    """The leaves on which some listener votes as a sysctl node says."""
    return tuple(
        leaf for leaf, switches in _switches().items() if any(s.node == node for s in switches)
    )


def _ballot(voter: str, might: Literal["deny", "allow"], when: str) -> Ballot:
    """A certain vote, or one that depends when there is a condition."""
    return Ballot(voter, "depends", might, when) if when else Ballot(voter, might)


def _securelevel(leaf: Leaf, host: VoterSettings) -> Ballot:
    if leaf.securelevel is None or host.securelevel < leaf.securelevel:
        return Ballot("securelevel", "defer")
    return _ballot("securelevel", "deny", leaf.securelevel_when)


def _switched(leaf: Leaf, is_root: bool, host: VoterSettings) -> Iterator[Ballot]:
    silent = leaf.scope in _SCOPES["extensions"]
    for switch in _switches().get(leaf.name, ()):
        if (is_root and switch.caller == "user") or not switch.on(host):
            continue
        silent = silent and switch.voter != "extensions"
        yield _ballot(switch.voter, switch.vote, switch.when)
    if silent:
        yield Ballot("extensions", "defer")


def _socket_listener(socket: Socket) -> Ballot:
    raw_by_anyone = socket.domain in _RAW_DOMAINS
    if raw_by_anyone or socket.type not in ("raw", _OTHER, None):
        return Ballot("socket", "allow")
    if socket.type == "raw" and socket.domain not in (_OTHER, None):
        return Ballot("socket", "defer")
    when = f"the type is not raw, or the domain is one of {', '.join(_RAW_DOMAINS)}"
    return Ballot("socket", "depends", "allow", when)


def _listener(leaf: Leaf, socket: Socket) -> Iterator[Ballot]:
    """The vote of the kernel's own listener, which does not look at root."""
    if leaf.name == "network.socket.open":
        yield _socket_listener(socket)
    elif leaf.default.allows != "never":
        yield _ballot(leaf.default.voter, "allow", leaf.default.when)


def _suser(leaf: Leaf, is_root: bool) -> Ballot:
    if not is_root or leaf.name.startswith(_SUSER_SILENT):
        return Ballot("suser", "defer")
    return _ballot("suser", "allow", _SUSER_WHEN.get(leaf.name, ""))


def others(
    leaf: Leaf, is_root: bool, host: VoterSettings, socket: Socket = _ANY_SOCKET
) -> tuple[Ballot, ...]:
    """The votes of all listeners but this model's on one request of a caller."""
    ballots = [*_switched(leaf, is_root, host), *_listener(leaf, socket), _suser(leaf, is_root)]
    if leaf.scope in _SCOPES["securelevel"]:
        ballots.insert(0, _securelevel(leaf, host))
    return tuple(ballots)


def is_root_user(user: str | None) -> bool:
    """Whether what runs as `user` is root; None is a cell without one, which starts as root.

    A name that the base system does not give to the user id 0 is taken for somebody else's.
    """
    if user is None or user in _ROOT_NAMES:
        return True
    return user.isascii() and user.isdecimal() and int(user) == 0


def _first(ballots: tuple[Ballot, ...], vote: Vote, might: str | None = None) -> str | None:
    return next((b.voter for b in ballots if b.vote == vote and b.might == might), None)


def settle(ballots: tuple[Ballot, ...]) -> tuple[Literal["works", "refused", "depends"], str]:
    """The rule of kauth(9), on votes of which some depend: what comes of it, and who settles it."""
    deny, allow = _first(ballots, "deny"), _first(ballots, "allow")
    may_deny = _first(ballots, "depends", "deny")
    may_allow = _first(ballots, "depends", "allow")
    if deny is not None:
        return "refused", deny
    if allow is None and may_allow is None:
        return "refused", DEFAULT
    if may_deny is not None:
        return "depends", may_deny
    if allow is not None:
        return "works", allow
    assert may_allow is not None
    return "depends", may_allow


_OWN: Mapping[str, Vote] = {"deny": "deny", "allow": "defer", "grant": "allow"}


def outcome(
    leaf: Leaf,
    vote: Literal["deny", "allow", "grant"],
    uid_is_root: bool,
    host: VoterSettings,
    socket: Socket = _ANY_SOCKET,
) -> Outcome:
    """What becomes of a request that this model decides by `vote`.

    `uid_is_root` says whether the caller's effective user id is 0.
    """
    rest = others(leaf, uid_is_root, host, socket)
    ballots = (Ballot(CELLPOLICY, _OWN[vote]), *rest)
    result, by = settle(ballots)
    without, _ = settle(rest)
    remark: Remark = ""
    match vote, result, without:
        case "deny", _, "refused":
            remark = "redundant deny"
        case "allow", "refused", _:
            remark = "powerless allow"
        case "grant", "refused", _:
            remark = "powerless grant"
        case "grant", _, "works":
            remark = "redundant grant"
    return Outcome(result, by, ballots, remark)


def _voters() -> tuple[str, ...]:
    listeners = {leaf.default.voter for leaf in all_leaves()} - {""}
    listeners |= {switch.voter for group in _switches().values() for switch in group}
    models = (CELLPOLICY, "securelevel", "extensions", "suser", DEFAULT)
    return (*models, *sorted(listeners - set(models)))


#: Every word that `Outcome.by` can be, and that a test may name after `refused by`.
VOTERS = _voters()
