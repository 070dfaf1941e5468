"""How votes combine: the rule of kauth(9), and well-known cases of the stack."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal

import pytest

from compiler.catalogue.actions import RELEASES, Leaf, all_leaves, load
from compiler.catalogue.voters import (
    CELLPOLICY,
    DEFAULT,
    VOTERS,
    Ballot,
    Outcome,
    Socket,
    VoterSettings,
    others,
    outcome,
)

Effect = Literal["deny", "allow", "grant"]
EFFECTS: tuple[Effect, ...] = ("deny", "allow", "grant")
HOST = VoterSettings()
ROOT, USER = True, False


def leaf(name: str) -> Leaf:
    return load("current").by_name[name]


def settle(
    name: str, vote: Effect, root: bool, host: VoterSettings = HOST, socket: Socket | None = None
) -> Outcome:
    return outcome(leaf(name), vote, root, host, socket or Socket())


Row = tuple[str, Effect, bool, int, str, str, str]

TABLE: list[Row] = [
    # leaf, vote, root, securelevel, result, by, remark
    ("network.bind.privport", "allow", USER, -1, "refused", DEFAULT, "powerless allow"),
    ("network.bind.privport", "allow", ROOT, -1, "works", "suser", ""),
    ("network.bind.privport", "grant", USER, -1, "works", CELLPOLICY, ""),
    ("network.bind.privport", "grant", ROOT, -1, "works", CELLPOLICY, "redundant grant"),
    ("network.bind.privport", "deny", ROOT, -1, "refused", CELLPOLICY, ""),
    ("network.bind.privport", "deny", USER, -1, "refused", CELLPOLICY, "redundant deny"),
    ("network.bind.port", "allow", USER, -1, "works", "socket", ""),
    ("network.bind.port", "grant", USER, -1, "works", CELLPOLICY, "redundant grant"),
    ("network.bind.anyaddr", "allow", USER, -1, "refused", DEFAULT, "powerless allow"),
    ("system.module", "allow", ROOT, 0, "works", "suser", ""),
    ("system.module", "allow", ROOT, 1, "refused", "securelevel", "powerless allow"),
    ("system.module", "grant", ROOT, 1, "refused", "securelevel", "powerless grant"),
    ("system.module", "deny", ROOT, 1, "refused", CELLPOLICY, "redundant deny"),
    ("system.module", "allow", USER, 0, "depends", "module", ""),
    ("system.mount.new", "allow", ROOT, 1, "works", "suser", ""),
    ("system.mount.new", "allow", ROOT, 2, "refused", "securelevel", "powerless allow"),
    ("system.mount.update", "allow", ROOT, 2, "depends", "securelevel", ""),
    ("system.time.system", "allow", ROOT, 1, "works", "suser", ""),
    ("system.time.system", "allow", ROOT, 2, "depends", "securelevel", ""),
    ("system.time.adjtime", "allow", ROOT, 2, "works", "suser", ""),
    ("system.sysctl.modify", "allow", ROOT, 2, "works", "suser", ""),
    ("system.sysctl.add", "allow", ROOT, 1, "refused", "securelevel", "powerless allow"),
    ("machdep.iopl", "grant", USER, 1, "refused", "securelevel", "powerless grant"),
    ("machdep.iopl", "grant", USER, 0, "works", CELLPOLICY, ""),
    ("network.firewall.fw", "allow", ROOT, 2, "refused", "securelevel", "powerless allow"),
    ("process.fork", "allow", USER, 2, "works", "proc", ""),
    ("process.setid", "allow", USER, -1, "refused", DEFAULT, "powerless allow"),
    ("process.setid", "grant", USER, 2, "works", CELLPOLICY, ""),
    ("process.signal", "allow", USER, -1, "depends", "signal", ""),
    ("process.signal", "allow", ROOT, -1, "works", "suser", ""),
    ("process.ptrace", "allow", ROOT, -1, "works", "suser", ""),
    ("process.ptrace", "allow", ROOT, 0, "depends", "securelevel", ""),
    ("process.ktrace.persistent", "allow", USER, -1, "refused", DEFAULT, "powerless allow"),
    ("process.cansee.entry", "allow", USER, -1, "works", "proc", ""),
    ("process.cansee.kptr", "allow", USER, -1, "depends", "proc", ""),
    ("device.rawio_spec.rw", "allow", USER, 0, "works", "rawio", ""),
    ("device.rawio_spec.rw", "allow", ROOT, 0, "works", "rawio", ""),
    ("device.rawio_spec.rw", "allow", ROOT, 1, "depends", "securelevel", ""),
    ("device.rawio_spec.read", "allow", USER, 2, "works", "rawio", ""),
    ("device.rawio_passthru.write", "allow", ROOT, 1, "refused", "securelevel", "powerless allow"),
    ("device.rawio_passthru.readconf", "allow", ROOT, 1, "works", "rawio", ""),
    ("generic.issuser", "allow", USER, -1, "refused", DEFAULT, "powerless allow"),
    ("vnode.read_data", "allow", USER, -1, "depends", "filesystem", ""),
    ("vnode.read_data", "allow", ROOT, -1, "works", "suser", ""),
    ("vnode.read_data", "deny", ROOT, -1, "refused", CELLPOLICY, ""),
    ("vnode.execute", "allow", ROOT, -1, "depends", "filesystem", ""),
    ("vnode.write_sysflags", "allow", ROOT, 1, "depends", "securelevel", ""),
]


@pytest.mark.parametrize(
    ("name", "vote", "root", "securelevel", "result", "by", "remark"),
    TABLE,
    ids=[f"{r[1]} {r[0]} {'root' if r[2] else 'user'} {r[3]}" for r in TABLE],
)
def test_well_known_cases(
    name: str, vote: Effect, root: bool, securelevel: int, result: str, by: str, remark: str
) -> None:
    found = settle(name, vote, root, VoterSettings(securelevel))
    assert (found.result, found.by, found.remark) == (result, by, remark)


def everything() -> Iterator[tuple[Leaf, bool, VoterSettings]]:
    hosts = [
        VoterSettings(level, sysctls)
        for level in (-1, 0, 1, 2)
        for sysctls in ({}, {"security.curtain": "1"}, {"kern.veriexec.strict": "2"})
    ]
    yield from itertools.product(all_leaves(), (ROOT, USER), hosts)


def falls(ballot: Ballot) -> tuple[str, ...]:
    """The ways in which a vote may fall."""
    return (ballot.vote,) if ballot.might is None else (ballot.might, "defer")


def possible(ballots: tuple[Ballot, ...]) -> set[str]:
    """kauth(9) run over every way in which the votes may fall."""
    return {
        "refused" if "deny" in cast or "allow" not in cast else "works"
        for cast in itertools.product(*map(falls, ballots))
    }


def test_outcomes_agree_with_kauth_over_every_way_the_votes_may_fall() -> None:
    for asked, root, host in everything():
        for vote in EFFECTS:
            found = outcome(asked, vote, root, host)
            results = possible(found.ballots)
            expected = results.pop() if len(results) == 1 else "depends"
            assert found.result == expected, (asked.name, vote, root, host)


def test_a_deny_is_always_refused_by_the_cell_policy() -> None:
    for asked, root, host in everything():
        found = outcome(asked, "deny", root, host)
        assert (found.result, found.by) == ("refused", CELLPOLICY)
        assert found.remark in ("", "redundant deny")


def test_a_deny_is_redundant_exactly_when_an_allow_is_refused() -> None:
    for asked, root, host in everything():
        denied = outcome(asked, "deny", root, host).remark == "redundant deny"
        assert denied == (outcome(asked, "allow", root, host).remark == "powerless allow")


def test_every_voter_is_named() -> None:
    assert len(set(VOTERS)) == len(VOTERS)
    for asked, root, host in everything():
        for vote in EFFECTS:
            found = outcome(asked, vote, root, host)
            assert found.by in VOTERS
            assert {b.voter for b in found.ballots} <= set(VOTERS)


def test_a_vote_that_depends_says_on_what() -> None:
    for asked, root, host in everything():
        for ballot in others(asked, root, host):
            assert (ballot.vote == "depends") == bool(ballot.when) == (ballot.might is not None)


def test_refused_by_names_who_could_have_allowed() -> None:
    refused = settle("network.bind.privport", "allow", USER)
    assert refused.refused_by("suser")
    assert refused.refused_by(DEFAULT)
    assert not refused.refused_by("securelevel")
    both = settle("system.module", "deny", ROOT, VoterSettings(1))
    assert both.refused_by(CELLPOLICY)
    assert both.refused_by("securelevel")
    assert not both.refused_by("suser")
    assert not settle("process.fork", "allow", USER).refused_by("suser")


@pytest.mark.parametrize(
    ("node", "value", "name", "root", "result", "by"),
    [
        ("security.curtain", "1", "process.cansee.entry", USER, "depends", "extensions"),
        ("security.curtain", "0x1", "network.socket.cansee", USER, "depends", "extensions"),
        ("security.curtain", "-1", "process.cansee.args", USER, "depends", "extensions"),
        ("security.curtain", "0", "process.cansee.args", USER, "works", "proc"),
        ("security.curtain", "1", "process.cansee.args", ROOT, "works", "proc"),
        ("security.curtain", "1", "process.cansee.env", USER, "depends", "proc"),
        ("vfs.generic.usermount", "1", "system.mount.new", USER, "depends", "extensions"),
        ("vfs.generic.usermount", "0", "system.mount.new", USER, "refused", DEFAULT),
        ("vfs.generic.usermount", "1", "system.mount.umap", USER, "refused", DEFAULT),
        (
            "security.models.extensions.user_set_cpu_affinity",
            "1",
            "process.scheduler_setaffinity",
            USER,
            "depends",
            "extensions",
        ),
        (
            "security.models.extensions.hardlink_check_uid",
            "1",
            "vnode.add_link",
            USER,
            "depends",
            "extensions",
        ),
        ("kern.expose_address", "0", "process.cansee.kptr", USER, "refused", DEFAULT),
        ("kern.expose_address", "0", "process.cansee.kptr", ROOT, "works", "suser"),
        ("kern.expose_address", "1", "process.cansee.kptr", USER, "depends", "proc"),
        ("kern.expose_address", "2", "process.cansee.kptr", USER, "works", "proc"),
        ("machdep.user_ldt", "1", "machdep.ldt_set", USER, "works", "x86"),
        ("machdep.user_ldt", "0", "machdep.ldt_set", USER, "refused", DEFAULT),
        ("kern.veriexec.strict", "1", "system.veriexec.modify", ROOT, "refused", "veriexec"),
        ("kern.veriexec.strict", "0", "system.veriexec.modify", ROOT, "works", "suser"),
        ("kern.veriexec.strict", "2", "device.rawio_spec.rw", ROOT, "depends", "veriexec"),
        ("kern.veriexec.strict", "1", "device.rawio_spec.rw", ROOT, "works", "rawio"),
    ],
)
def test_sysctl_nodes_that_make_a_listener_vote(
    node: str, value: str, name: str, root: bool, result: str, by: str
) -> None:
    found = settle(name, "allow", root, VoterSettings(-1, {node: value}))
    assert (found.result, found.by) == (result, by)


@pytest.mark.parametrize(
    ("domain", "kind", "result", "by"),
    [
        ("inet", "stream", "works", "socket"),
        ("inet", "dgram", "works", "socket"),
        ("inet", "raw", "refused", DEFAULT),
        ("inet6", "raw", "refused", DEFAULT),
        ("route", "raw", "works", "socket"),
        ("can", "raw", "works", "socket"),
        ("other", "raw", "depends", "socket"),
        ("inet", "other", "depends", "socket"),
        (None, None, "depends", "socket"),
    ],
)
def test_raw_sockets_are_for_root(
    domain: str | None, kind: str | None, result: str, by: str
) -> None:
    found = settle("network.socket.open", "allow", USER, HOST, Socket(domain, kind))
    assert (found.result, found.by) == (result, by)
    root = settle("network.socket.open", "allow", ROOT, HOST, Socket(domain, kind))
    assert root.result == "works"


def test_models_that_do_not_listen_in_a_scope_cast_no_vote() -> None:
    generic = {b.voter for b in others(leaf("generic.issuser"), ROOT, HOST)}
    assert generic == {"suser"}
    machdep = {b.voter for b in others(leaf("machdep.mtrr_set"), ROOT, HOST)}
    assert machdep == {"securelevel", "suser"}


def test_outcomes_exist_for_every_release() -> None:
    for release in RELEASES:
        assert all(outcome(x, "allow", USER, HOST).by in VOTERS for x in load(release).leaves)
