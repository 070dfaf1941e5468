"""The profile chosen for a cell and its losses, against upstream on every request."""

from __future__ import annotations

from collections import Counter

import pytest

from backends.artifact import Loss
from backends.celladm import BACKEND
from backends.celladm.profiles import Comparison
from compiler.catalogue.actions import load
from compiler.catalogue.upstream import PROFILES
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR, Decision, Request, RequestSet
from compiler.ir.requests import Axes, leaf_requests
from tests.celladm.upstream import denies
from tests.semantics.generated import programs
from tests.semantics.support import program

Difference = tuple[str, str, int | None]
"""Loss, cell, rule."""


class Oracle:
    """Compares a policy with upstream's profiles by the reference evaluator."""

    def __init__(self, ir: IR) -> None:
        self.ir = ir
        self._evaluator = Evaluator(ir)
        self._decisions: dict[Request, Decision] = {}
        sets = [rule.requests for rule in ir.rules]
        self._axes = Axes([*sets, RequestSet(0, domains=("oroute", "route"))])
        self._reserved = {
            cell.name: {
                port
                for r in ir.reservations
                if r.cell == cell.name
                for low, high in r.ports
                for port in range(low, high + 1)
            }
            for cell in ir.cells
        }

    def differences(self, cell: str, profile: str) -> Counter[Difference]:
        """How many classes of requests are lost by each loss and rule."""
        found: Counter[Difference] = Counter()
        targets = [c.name for c in self.ir.cells] + ["host"]
        for leaf in load(self.ir.target).leaves:
            if not leaf.asked:
                continue
            for request in leaf_requests(leaf, cell, targets, self._axes):
                made = self._decide(request)
                denied = denies(profile, leaf, request, self._reserved)
                if made.effect == "deny" and not denied:
                    found[f"deny-{leaf.scope}", cell, made.rule] += 1
                elif made.effect != "deny" and denied and leaf.dimension != "bind":
                    found[f"allow-{leaf.scope}", cell, made.rule] += 1
                elif made.effect == "grant" and not denied:
                    found["grant", cell, made.rule] += 1
        return found

    def _decide(self, request: Request) -> Decision:
        if request not in self._decisions:
            self._decisions[request] = self._evaluator.decide(request)
        return self._decisions[request]


def _reported(losses: list[Loss]) -> set[Difference]:
    kinds = ("deny-", "allow-", "grant")
    return {
        (loss.name, cell, loss.place.rule)
        for loss in losses
        if loss.name.startswith(kinds)
        for cell in loss.cells
    }


def _rank(found: Counter[Difference]) -> tuple[int, int]:
    weaker = sum(count for (name, _, _), count in found.items() if name.startswith("deny-"))
    return weaker, found.total() - weaker


@pytest.mark.parametrize("seed", range(6))
def test_every_difference_on_every_request_is_reported(seed: int) -> None:
    [(_, generated)] = programs(1, first=seed * 1000)
    ir = generated.ir
    oracle, comparison = Oracle(ir), Comparison(ir)
    expected: set[Difference] = set()
    for cell in ir.cells:
        chosen = comparison.choose(cell, ()).profile
        by_profile = {p: oracle.differences(cell.name, p) for p in PROFILES}
        expected |= by_profile[chosen].keys()
        # None lets less through that the policy denies, and of those none refuses less.
        assert _rank(by_profile[chosen]) == min(map(_rank, by_profile.values()))
    assert _reported(BACKEND.shortfall(ir)[0]) == expected


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("release", ["9.4", "10.1", "11.0", "current"])
def test_upstreams_own_profiles_are_met_without_loss(profile: str, release: str) -> None:
    text = (
        f"cell a {{ profile {profile}; listen tcp 80; listen udp 80; }} cell b {{ profile low; }}"
    )
    ir = program(text).ir
    assert Comparison(ir).choose(ir.cells[0], ()).profile == profile
    assert BACKEND.shortfall(ir)[0] == []


def _profile(rules: str, accepted: tuple[str, ...] = (), base: str = "low") -> str:
    ir = program(f"cell a {{ profile {base}; {rules} }}").ir
    return Comparison(ir).choose(ir.cells[0], accepted).profile


def test_the_tightest_that_is_no_weaker() -> None:
    assert _profile("") == "low"
    assert _profile("deny system.module;") == "medium"
    assert _profile("deny system.sysvipc;") == "high"
    assert _profile("allow system.sysvipc;", base="high") == "medium"
    assert _profile("deny vnode.execute;") == "low"


def test_what_is_accepted_makes_a_looser_profile_fit() -> None:
    assert _profile("deny system.module;", ("deny-system",)) == "low"
    assert _profile("deny system.module;", ("deny-network",)) == "medium"
    refusals = ("allow-system", "allow-device", "allow-machdep", "allow-network")
    assert _profile("deny system.module;", refusals) == "medium"
    # Both fit: the one that lets less through.
    assert _profile("deny system.module;", (*refusals, "deny-system")) == "medium"


def test_a_port_that_two_cells_listen_on_by_different_protocols_is_weaker() -> None:
    ir = program("cell a { profile low; listen tcp 53; } cell b { profile low; listen udp 53; }").ir
    reported = {(loss.name, cell) for loss in BACKEND.shortfall(ir)[0] for cell in loss.cells}
    assert {("deny-network", "a"), ("deny-network", "b"), ("reserved-protocols", "a")} <= reported
