"""low, medium and high decide as upstream's profiles of these names; confined and sealed differ.

tests/data/upstream-profiles.json is the decision matrix of upstream's kernel module.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiler.catalogue.actions import RELEASES, Leaf, load
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST, IR, Request
from compiler.ir.requests import axes_of, leaf_requests
from tests.semantics.support import compile_text, must

UPSTREAM = json.loads((Path(__file__).parents[1] / "data/upstream-profiles.json").read_text())
SCOPES = ("process", "network", "system", "device", "machdep")


@functools.cache
def policy(release: str) -> IR:
    cells = "".join(f"cell {name} {{ profile {name}; }}\n" for name in ("low", "medium", "high"))
    source = (
        f"policy p;\ntarget netbsd {release};\n{cells}cell other {{ profile low; listen tcp 80; }}"
    )
    return must(compile_text(source)).ir


def upstream(profile: str, leaf: Leaf, request: Request) -> str:
    """The decision of upstream's module as "deny" or "defer"."""
    entry: dict[str, Any] = UPSTREAM[profile][leaf.scope][leaf.c_action]
    decision = entry["decision"]
    reqs = entry.get("reqs", {})
    if isinstance(reqs, dict) and leaf.c_request in reqs:
        decision = reqs[leaf.c_request]
    if decision == "deny_other_cell":
        return "deny" if request.target != request.subject else "defer"
    if decision == "deny_if_port_reserved_by_other_cell":
        return "deny" if (request.protocol, request.port) == ("tcp", 80) else "defer"
    if decision.startswith("deny_if_domain_in"):
        return "deny" if request.domain in ("route", "oroute") else "defer"
    assert decision in ("deny", "defer"), decision
    return str(decision)


def cases(profile: str, release: str) -> Iterator[tuple[Leaf, Request]]:
    ir = policy(release)
    axes = axes_of(ir)
    for leaf in load(release).leaves:
        if leaf.scope in SCOPES:
            for request in leaf_requests(leaf, profile, [profile, "other", HOST], axes):
                yield leaf, request


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("profile", ["low", "medium", "high"])
def test_decides_as_upstream(profile: str, release: str) -> None:
    evaluator = Evaluator(policy(release))
    wrong = []
    count = 0
    for leaf, request in cases(profile, release):
        count += 1
        effect = evaluator.decide(request).effect
        if (effect == "deny") != (upstream(profile, leaf, request) == "deny") or effect == "grant":
            wrong.append(f"{request}: {effect}")
    assert wrong == []
    assert count > 200


def test_every_action_of_upstream_is_compared() -> None:
    known = {leaf.c_action for release in RELEASES for leaf in load(release).leaves}
    for profile in ("low", "medium", "high"):
        for scope in SCOPES:
            assert set(UPSTREAM[profile][scope]) <= known


def test_sealed_denies_whatever_confined_denies() -> None:
    source = (
        "policy p; target netbsd current; cell c { profile confined; } cell s { profile sealed; }"
    )
    ir = must(compile_text(source)).ir
    evaluator = Evaluator(ir)
    axes = axes_of(ir)
    more = 0
    for leaf in load("current").leaves:
        for request in leaf_requests(leaf, "c", ["c"], axes):
            twin = request._replace(subject="s", target=request.target and "s")
            confined, sealed = evaluator.decide(request), evaluator.decide(twin)
            assert not (confined.effect == "deny" and sealed.effect != "deny"), request
            more += sealed.effect == "deny" and confined.effect != "deny"
    assert more > 10


@pytest.mark.parametrize(
    "action",
    [
        "process.fork",
        "process.setid",
        "process.rlimit.set",
        "system.semaphore",
        "device.rawio_spec.read",
        "device.rawio_spec.rw",
        "device.tty_open",
        "vnode.read_data",
        "vnode.write_data",
        "vnode.execute",
    ],
)
def test_an_ordinary_daemon_runs_under_confined(action: str) -> None:
    source = "policy p; target netbsd 10.1; cell c { profile confined; }"
    ir = must(compile_text(source)).ir
    target = "c" if action.startswith("process") else None
    assert Evaluator(ir).decide(Request("c", action, target)).effect == "allow"
