"""Influence, exposure and the nearest request, against what the pages say word by word."""

from __future__ import annotations

import functools
import itertools
import random

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from compiler.analysis.decisions import Decisions
from compiler.analysis.exposure import exposures
from compiler.analysis.influence import Influence
from compiler.analysis.nearest import nearest
from compiler.driver import Program
from compiler.ir.ir import HOST, HOST_ROOT, IR, Request
from tests.analysis.reference import (
    Fact,
    at_nearest_port,
    changes,
    direct,
    distances,
    facts,
    is_power,
    known_words,
)
from tests.semantics.generated import text
from tests.semantics.support import compile_text

_PATHS = ("/srv/a", "/srv/a/b", "/srv/ab", "/srv/c", "/var/cells/x", "/var/cells/x/y", "/root/z")
_PROGRAMS = ("/srv/a/run", "/srv/c", "/srv/ab/../a/b/run", "/bin/true")


def _surroundings(chosen: random.Random, cell: int) -> str:
    """A root, mounts and hooks of one cell, so that cells meet in files."""
    lines = []
    if chosen.random() < 0.8:
        root = chosen.choice((f"/cells/{cell}", f"/cells/{cell}", "/srv/c/root", "/cells"))
        base = chosen.choice(("", ' base "/base/10.1"', ' base "/srv/ab/base"'))
        lines.append(f'root "{root}"{base};')
        for number, path in enumerate(chosen.sample(_PATHS, chosen.randint(0, 2))):
            lines.append(f'mount {chosen.choice(("ro", "rw"))} "{path}" at "/m{number}";')
    if chosen.random() < 0.7:
        shell = chosen.choice(("", '"/bin/sh" ', '"/bin/sh" '))
        lines.append(f'hook pre-start {shell}"{chosen.choice(_PROGRAMS)}";')
    if chosen.random() < 0.6:
        lines.append("deny system.{sysvipc, semaphore, mqueue};")
    return "".join(f"    {line}\n" for line in lines)


@functools.cache
def policy(seed: int) -> Program | None:
    """A generated policy with surroundings; None when it has errors."""
    chosen = random.Random(seed)
    lines = []
    for line in text(seed).splitlines(keepends=True):
        lines.append(line)
        if line.startswith("cell "):
            lines.append(_surroundings(chosen, len(lines)))
    level = chosen.choice(("", "host { securelevel 1; }\n", "host { securelevel 2; }\n"))
    made = compile_text("".join(lines) + level)
    return None if made.failed else made.program


def compiled(seed: int) -> IR:
    found = policy(seed)
    assume(found is not None)
    assert found is not None
    return found.ir


SEEDS = st.integers(0, 2**20)


@given(SEEDS)
@settings(max_examples=40)
def test_influence(seed: int) -> None:
    ir = compiled(seed)
    expected = direct(ir, facts(ir))
    decisions = Decisions(ir)
    influence, frame = Influence(decisions), decisions.frame
    for source in [*(cell.name for cell in ir.cells), HOST]:
        far = distances(expected, source)
        assert set(influence.direct(source)) == expected[source]
        assert set(frame.subject_names(influence.reach(source))) == far.keys() - {source}
        for target in (*(cell.name for cell in ir.cells), HOST):
            path = influence.path(source, target) if source != target else None
            ends = [
                far[t] for t in {target} | ({HOST_ROOT} if target == HOST else set()) if t in far
            ]
            if source == target:
                continue
            assert (path is not None) == bool(ends), (source, target)
            if path:
                assert len(path) == min(ends)
                assert path[0].source == source
                assert path[-1].target in (target, HOST_ROOT)
                assert all(step.target in expected[step.source] for step in path)
                assert all(a.target == b.source for a, b in itertools.pairwise(path))


@given(SEEDS)
@settings(max_examples=25)
def test_exposure(seed: int) -> None:
    ir = compiled(seed)
    known = facts(ir)
    graph = direct(ir, known)
    rows = exposures(ir)
    assert {row.cell for row in rows} == {cell.name for cell in ir.cells}
    for row in rows:
        own = [f for f in known if f.request.subject == row.cell and f.leaf.asked]
        passing = [f for f in own if f.decision.effect != "deny"]
        works = {f.leaf.name for f in passing if f.outcome.result != "refused"}
        far = distances(graph, row.cell).keys() - {row.cell}
        assert set(row.reaches) == far
        assert set(row.direct) == graph[row.cell]
        assert row.host_root == (HOST_ROOT in far)
        assert set(row.granted) == {f.leaf.name for f in own if f.decision.effect == "grant"}
        assert set(row.powers) == {f.leaf.name for f in passing if is_power(f.leaf)} & works
        assert row.works == len(works)
        assert sorted(row.ports) == sorted(
            f"{r.protocol} {low}" if low == high else f"{r.protocol} {low}..{high}"
            for r in ir.reservations
            if r.cell == row.cell
            for low, high in r.ports
        )
    ranks = [(not r.host_root, -len(r.reaches), -len(r.direct), -len(r.powers)) for r in rows]
    assert ranks == sorted(ranks)


def check_nearest(ir: IR, known: list[Fact], fact: Fact, decisions: Decisions) -> None:
    """The nearest request is one of the least unlike ones of the first ring that has any."""
    request = fact.request
    found = nearest(decisions, request, fact.decision.effect)
    other = [f for f in known if f.leaf.asked and f.decision.effect != fact.decision.effect]
    other = [f for f in other if f.request.subject != HOST_ROOT]
    mine = [f for f in other if f.request.subject == request.subject]
    rings = (
        [f for f in mine if f.leaf.name == fact.leaf.name],
        [f for f in mine if f.leaf.scope == fact.leaf.scope],
        [f for f in other if f.leaf.name == fact.leaf.name],
    )
    ring = next((ring for ring in rings if ring), None)
    if ring is None:
        assert found is None
        return
    assert found is not None
    there, decision = known_words(ir, found[0]), found[1]
    classes = {f.request: f.decision for f in ring}
    members = {at_nearest_port(ir, request, r): r for r in classes}
    assert there in members, (request, there)
    assert classes[members[there]] == decision
    if ring is rings[0]:
        assert changes(request, there) == min(changes(request, r) for r in members)
    elif ring is rings[1] and fact.leaf.dimension == "target":
        same = [r for r in members if r.target == request.target]
        assert there.target == request.target or not same


@given(SEEDS)
@example(285)
@settings(max_examples=25)
def test_the_nearest_request(seed: int) -> None:
    ir = compiled(seed)
    known = facts(ir)
    decisions = Decisions(ir)
    asked = [f for f in known if f.leaf.asked and f.request.subject != HOST_ROOT]
    for fact in random.Random(seed).sample(asked, 40):
        check_nearest(ir, known, fact, decisions)


def test_the_oracle_sees_what_a_word_by_word_reading_sees() -> None:
    """The reference itself, on examples small enough to be checked by hand."""
    graph = {"a": {"b"}, "b": {"c"}, "c": set[str](), HOST: set[str](), HOST_ROOT: {"a"}}
    assert distances(graph, "a") == {"a": 0, "b": 1, "c": 2}
    assert distances(graph, HOST_ROOT) == {HOST_ROOT: 0, "a": 1, "b": 2, "c": 3}
    one = Request("a", "network.bind.port", protocol="tcp", port=2000)
    assert changes(one, one._replace(port=1999)) < changes(one, one._replace(protocol="udp"))
