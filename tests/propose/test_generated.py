"""What is proposed for generated policies, request by request against the reference evaluator."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from compiler.analysis.audit import audit_line
from compiler.analysis.boxes import meet
from compiler.analysis.decisions import Decisions
from compiler.catalogue.actions import load
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, TYPES
from compiler.diagnostics import Diagnostics
from compiler.driver import Compilation, compile_policy
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import AUTO, IR, Request
from compiler.ir.requests import Axes, leaf_requests, requests
from compiler.lint.rule import Edit
from compiler.propose.learn import beyond, learn
from compiler.propose.narrow import _objection, narrow
from compiler.propose.observed import observe
from compiler.propose.places import Places
from compiler.propose.trial import Proposal, Trial
from compiler.source import Span
from tests.semantics.generated import text
from tests.semantics.support import TODAY, must

POLICIES = 10
LINES = 6
_EFFECTS = ("deny", "allow", "grant")


def policies(folder: Path, first: int) -> Iterator[tuple[int, Path, Compilation]]:
    """Generated policies that compile, in files."""
    made, seed = 0, first
    while made < POLICIES:
        seed += 1
        path = folder / f"p{seed}.cell"
        path.write_text(text(seed))
        compilation = compile_policy(path, TODAY)
        if not compilation.failed:
            made += 1
            yield seed, path, compilation


def audit(request: Request) -> str:
    """The line of the kernel module about a request."""
    words = [f"cell={request.subject}", f"action={request.action}"]
    if request.target is not None:
        words.append(f"to={request.target}")
    if request.port is not None:
        port = "auto" if request.port == AUTO else request.port
        words += [f"proto={request.protocol}", f"port={port}"]
    tables: dict[str, Mapping[str, object]] = {
        "domain": PROTOCOL_FAMILIES, "type": TYPES, "protocol": IP_PROTOCOLS,
    }  # fmt: skip
    for field, word in zip(tables, (request.domain, request.type, request.socket_protocol),
                           strict=True):  # fmt: skip
        if word is not None:
            constant = tables[field].get(word)
            words.append(f"{field}={getattr(constant, 'value', 250)}")
    return f"cellpolicy: permissive {' '.join(words)} rule=00000000 pid=1 uid=0"


def classes(old: IR, new: IR) -> Iterator[Request]:
    """Requests of cells that one of two policies tells apart."""
    axes = Axes(rule.requests for ir in (old, new) for rule in ir.rules)
    for cell in old.cells:
        yield from requests(old, cell.name, axes)


def some(ir: IR, seed: int, denied: bool) -> list[Request]:
    """Requests of one policy with words that have numbers."""
    chosen = random.Random(seed)
    evaluator = Evaluator(ir)
    cells = [cell.name for cell in ir.cells]
    axes = Axes(rule.requests for rule in ir.rules)
    leaves = [leaf for leaf in load(ir.target).leaves if leaf.asked]
    found: list[Request] = []
    for _ in range(400):
        leaf, cell = chosen.choice(leaves), chosen.choice(cells)
        candidates = list(leaf_requests(leaf, cell, [*cells, "host"], axes))
        request = chosen.choice(candidates) if candidates else None
        if request is None or len(found) == LINES:
            continue
        if (evaluator.decide(request).effect == "deny") == denied:
            found.append(request)
    return found


def test_learning_opens_what_was_logged(tmp_path: Path) -> None:
    passed = 0
    for seed, path, first in policies(tmp_path, 3000):
        old = must(first).ir
        log = [audit(request) for request in some(old, seed, denied=True)]
        found = learn(path, first, log, TODAY, "seen")
        lines = [line for line in map(audit_line, log) if line is not None]
        decider = must(first).lowered.decider
        denied = {x.request for x in lines if decider.decide(x.request).effect == "deny"}
        assert len(found.wanted) + len(found.refused) + len(found.left) == len(denied), seed
        made = compile_policy(path, TODAY, texts=found.texts)
        new = must(made).ir
        before, after = Evaluator(old), Evaluator(new)
        for wanted in found.wanted:
            assert must(made).lowered.decider.decide(wanted.request).effect != "deny"
            passed += 1
        for request in classes(old, new):
            was, now = before.decide(request).effect, after.decide(request).effect
            point = found.frame.point(request)
            opened = any(meet(point, d.box) for d in found.opened)
            asked = point.actions & found.frame.asked
            assert _EFFECTS.index(now) >= _EFFECTS.index(was), (seed, request)
            assert opened == bool(asked and was != now), (seed, request)
        assert beyond(found) >= 0
    assert passed > POLICIES


def test_a_shared_place_opens_the_same_with_less_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = 0
    for seed, path, first in policies(tmp_path, 5000):
        old = must(first).ir
        evaluator = Evaluator(old)
        log = [
            audit(one)
            for request in some(old, seed, denied=True)
            for cell in old.cells
            for itself in (request.target == request.subject,)
            for target in (cell.name if itself else request.target,)
            for one in (request._replace(subject=cell.name, target=target),)
            if evaluator.decide(one).effect == "deny"
        ]
        least = learn(path, first, log, TODAY, "seen")
        with monkeypatch.context() as patched:
            patched.setattr(Places, "least", lambda self, wanted: (self.own(wanted), []))
            apart = learn(path, first, log, TODAY, "seen")
        assert set(least.wanted) == set(apart.wanted), seed
        sizes = [sum(map(len, found.texts.values())) for found in (least, apart)]
        assert sizes[0] <= sizes[1], seed
        made = [must(compile_policy(path, TODAY, texts=found.texts)).ir for found in (least, apart)]
        one, other = map(Evaluator, made)
        for request in classes(*made):
            assert one.decide(request).effect == other.decide(request).effect, (seed, request)
        shared += any(not p.text.startswith("cell ") for p in least.proposals)
    assert shared > 2


def test_narrowing_keeps_what_was_observed(tmp_path: Path) -> None:
    tighter = 0
    for seed, path, first in policies(tmp_path, 4000):
        old = must(first).ir
        observed = some(old, seed, denied=False)
        lines = [audit(request) for request in observed]
        seen = observe(must(first), lines, Diagnostics())
        assert (seen.requests, seen.passed_over) == (len({*observed}), [])
        found = narrow(path, first, seen.admitted, TODAY)
        new = must(compile_policy(path, TODAY, texts=found.texts)).ir
        before, after = Evaluator(old), Evaluator(new)
        for request in observed:
            assert after.decide(request).effect == before.decide(request).effect, (seed, request)
        for request in classes(old, new):
            was, now = before.decide(request).effect, after.decide(request).effect
            point = found.frame.point(request)
            assert _EFFECTS.index(now) <= _EFFECTS.index(was), (seed, request)
            closed = any(
                meet(point, d.box) for d in found.closed if d.before.effect != d.after.effect
            )
            asked = point.actions & found.frame.asked
            assert closed == bool(asked and was != now), (seed, request)
        tighter += bool(found.proposals)
    assert tighter > 1


def test_what_refuses_something_observed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.cell"
    path.write_text("policy p;\ntarget netbsd 10.1;\ncell a { profile low; allow process.fork; }\n")
    first = compile_policy(path, TODAY)
    trial = Trial(path, first, TODAY)
    source = first.sources["p.cell"]
    at = source.text.index("allow")
    edit = Edit(Span("p.cell", at, at + len("allow")), "deny")
    tried = trial.of([Proposal("deny", (edit,))])
    assert not isinstance(tried, str)
    decisions = Decisions(must(first).ir)
    fork = decisions.frame.point(Request("a", "process.fork", "a"))
    nice = decisions.frame.point(Request("a", "process.nice", "a"))
    assert "observed" in _objection(tried, list(decisions.of(fork)))
    assert _objection(tried, list(decisions.of(nice))) == ""
