"""kauth(9)'s rule of combination, transcribed from sys/kern/kern_auth.c, over all votes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

import pytest

from compiler.catalogue.actions import all_leaves
from compiler.catalogue.voters import CELLPOLICY, DEFAULT, Ballot, VoterSettings, outcome, settle

VOTES: tuple[Literal["allow", "deny", "defer"], ...] = ("allow", "deny", "defer")
#: A vote, or one that depends: what it might be.
FALLS: tuple[tuple[Literal["allow", "deny", "defer", "depends"], Literal["allow", "deny"] | None],
             ...] = (
    ("allow", None), ("deny", None), ("defer", None), ("depends", "allow"), ("depends", "deny"),
)  # fmt: skip
EPERM, EACCES, ENOENT = 1, 13, 2


def authorize_action(votes: Sequence[str]) -> int:
    """kauth_authorize_action with a security model registered: an errno."""
    fail = allow = False
    for vote in votes:
        if vote == "allow":
            allow = True
        elif vote == "deny":
            fail = True
    if fail:
        return EPERM
    return 0 if allow else EPERM


def authorize_vnode(votes: Sequence[str], fs_decision: int) -> int:
    """kauth_authorize_vnode: when all defer, what the file system said."""
    if "deny" in votes:
        return EACCES
    return 0 if "allow" in votes else fs_decision


def certain(votes: Sequence[Literal["allow", "deny", "defer"]]) -> tuple[Ballot, ...]:
    return tuple(Ballot(f"v{i}", vote) for i, vote in enumerate(votes))


@pytest.mark.parametrize("voters", range(6))
def test_certain_votes(voters: int) -> None:
    for votes in itertools.product(VOTES, repeat=voters):
        result, by = settle(certain(votes))
        assert (result == "works") == (authorize_action(votes) == 0), votes
        decisive = "deny" if "deny" in votes else "allow"
        expected = f"v{votes.index(decisive)}" if decisive in votes else DEFAULT
        assert (result, by) == ("works" if authorize_action(votes) == 0 else "refused", expected)


@pytest.mark.parametrize("voters", range(5))
def test_the_file_system_is_a_listener_that_may_allow(voters: int) -> None:
    for votes in itertools.product(VOTES, repeat=voters):
        for fs_decision in (0, ENOENT):
            word: Literal["defer", "allow"] = "defer" if fs_decision else "allow"
            result, _ = settle((*certain(votes), Ballot("filesystem", word)))
            assert (result == "works") == (authorize_vnode(votes, fs_decision) == 0), votes


def casts(ballots: Sequence[Ballot]) -> Iterator[tuple[str, ...]]:
    """Every way in which the votes may fall."""
    return itertools.product(*((b.might, "defer") if b.might else (b.vote,) for b in ballots))


@pytest.mark.parametrize("voters", range(5))
def test_votes_that_depend(voters: int) -> None:
    for chosen in itertools.product(FALLS, repeat=voters):
        ballots = tuple(
            Ballot(f"v{i}", vote, might, "it rains" if might else "")
            for i, (vote, might) in enumerate(chosen)
        )
        results = {authorize_action(cast) for cast in casts(ballots)}
        result, by = settle(ballots)
        assert result == ("depends" if len(results) == 2 else "refused" if EPERM in results else
                          "works"), chosen  # fmt: skip
        if result == "depends":
            assert matters(ballots, int(by[1:])), chosen


def matters(ballots: Sequence[Ballot], i: int) -> bool:
    """Whether some way in which the others vote leaves it to voter `i`."""
    if ballots[i].might is None:
        return False
    rest = [*ballots[:i], *ballots[i + 1 :]]
    return any(
        authorize_action([*cast, "defer"]) != authorize_action([*cast, ballots[i].might or ""])
        for cast in casts(rest)
    )


HOSTS = [
    VoterSettings(level, sysctls)
    for level in (-1, 0, 1, 2)
    for sysctls in ({}, {"security.curtain": "1", "kern.veriexec.strict": "2"})
]


def test_a_grant_beats_who_defers_and_nobody_who_denies() -> None:
    for leaf, root, host in itertools.product(all_leaves(), (True, False), HOSTS):
        found = outcome(leaf, "grant", root, host)
        rest = [b for b in found.ballots if b.voter != CELLPOLICY]
        denied = [b.voter for b in rest if b.vote == "deny"]
        may_be = [b.voter for b in rest if b.might == "deny"]
        expected = ("refused", denied[0]) if denied else ("works", CELLPOLICY)
        if may_be and not denied:
            expected = ("depends", may_be[0])
        assert (found.result, found.by) == expected, leaf
        assert (found.remark == "powerless grant") == bool(denied)


def test_remarks_are_about_what_the_others_would_do_alone() -> None:
    for leaf, root, host in itertools.product(all_leaves(), (True, False), HOSTS):
        alone = outcome(leaf, "allow", root, host).result
        assert (outcome(leaf, "deny", root, host).remark == "redundant deny") == (
            alone == "refused"
        )
        assert (outcome(leaf, "allow", root, host).remark == "powerless allow") == (
            alone == "refused"
        )
        assert (outcome(leaf, "grant", root, host).remark == "redundant grant") == (
            alone == "works"
        )
