"""What a mutant changes is what the reference evaluator says it changes; missing tests kill."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest

from compiler.analysis.boxes import meet
from compiler.analysis.decisions import Decisions
from compiler.analysis.mutants import Folder, Mutant, difference, meanings
from compiler.checks.examined import Examiner
from compiler.checks.tests import run_tests
from compiler.commands.test_report import _tests
from compiler.diagnostics import Diagnostics
from compiler.driver import Program, compile_policy
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR, Request
from compiler.ir.requests import all_requests, axes_of, catalogue, requests
from tests.semantics import support
from tests.semantics.generated import programs
from tests.semantics.support import TODAY, must, root_files

POLICIES = 8
RULES = 4


def mutated(ir: IR, mutant: Mutant, folder: Folder) -> IR:
    """The layered rules of a mutant, for the reference evaluator; nothing is folded."""
    rules = list(ir.rules)
    layers = list(ir.layers)
    reservations = ir.reservations
    if mutant.mutated is not None:
        rules[mutant.rule] = mutant.mutated
    else:
        for i, layer in enumerate(layers):
            kept = tuple(rule for rule in layer.rules if rule != mutant.rule)
            layers[i] = dataclasses.replace(layer, rules=kept)
        reservations = tuple(r for r in reservations if r.rule != mutant.rule)
    return dataclasses.replace(
        ir,
        action_sets=folder.ir.action_sets + tuple(folder.more_sets),
        rules=tuple(rules),
        layers=tuple(layers),
        reservations=reservations,
    )


def every(ir: IR) -> list[Request]:
    """The classes that the policy itself tells apart, which its mutants do not refine."""
    axes = axes_of(ir)
    asked = {leaf.name for leaf in catalogue(ir).leaves if leaf.asked}
    subjects = [*(cell.name for cell in ir.cells), "host"]
    return [r for s in subjects for r in requests(ir, s, axes) if r.action in asked]


def folder_of(program: Program, decisions: Decisions) -> Folder:
    return Folder(decisions, meanings(program.policy, program.spans))


def test_changes_are_exact() -> None:
    seen = set()
    for seed, program in programs(POLICIES, first=300):
        ir = program.ir
        decisions = Decisions(ir)
        frame = decisions.frame
        folder = folder_of(program, decisions)
        before = Evaluator(ir)
        used = sorted({r for c in ir.cells for x in c.layers for r in ir.layers[x].rules})
        for mutant in folder.mutants(used[-RULES:]):
            new = folder.decisions(mutant)
            if new is None:
                continue
            changes = list(difference(decisions, new, folder.touched(mutant)))
            after = Evaluator(mutated(ir, mutant, folder))
            for request in every(ir):
                point = frame.point(request)
                was, now = before.decide(request).effect, after.decide(request).effect
                found = [(c.before, c.after) for c in changes if meet(c.box, point)]
                assert found == ([(was, now)] if was != now else []), f"{seed} {mutant} {request}"
            seen.add((mutant.kind, bool(changes)))
    assert {(kind, True) for kind in ("flip", "drop", "widen")} <= seen


@pytest.mark.parametrize("path", root_files(), ids=lambda p: p.stem)
def test_the_missing_tests_kill_what_survived(path: Path, tmp_path: Path) -> None:
    program = must(compile_policy(path, TODAY))
    score = Examiner(program.policy, program.lowered).mutation()
    assert score.killed
    block = [line for line in _tests(program, score) if "# has no name" not in line]
    (tmp_path / "cellc.toml").touch()
    for source in path.parents[1].rglob("*.cell"):
        copy = tmp_path / source.relative_to(path.parents[1])
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(source.read_text())
    whole = tmp_path / path.relative_to(path.parents[1])
    whole.write_text(whole.read_text() + "\n".join(block) + "\n")
    compilation = compile_policy(whole, datetime.date(2026, 11, 24))
    made = must(compilation)
    found = Diagnostics()
    run_tests(made.policy, made.lowered, compilation.sources, found)
    assert not found.failed, found.sorted()
    again = Examiner(made.policy, made.lowered).mutation()
    nameless = sum("# has no name" in line for line in _tests(program, score))
    assert len(again.survivors) <= nameless


def test_every_class_is_counted_once() -> None:
    for seed, program in programs(POLICIES):
        coverage = Examiner(program.policy, program.lowered).coverage()
        assert coverage.covered == 0, seed
        assert coverage.classes == len(list(coverage.uncovered))
        assert len({(r.effect, r.rule) for r in coverage.uncovered}) == len(
            {
                tuple(Evaluator(program.ir).decide(request))
                for request in all_requests(program.ir)
                if request.subject != "host-root"
                and catalogue(program.ir).by_name[request.action].asked
            }
        )


def of_first_rule(text: str) -> list[tuple[Mutant, set[str], bool]]:
    """The mutants of what the first cell says, what each is about, and whether it compiles."""
    program = support.program(text)
    folder = folder_of(program, Decisions(program.ir))
    first = program.policy.cells[0].own.rules[0].span
    made = []
    for mutant in folder.mutants([program.spans.index(first)]):
        sets = (*program.ir.action_sets, *folder.more_sets)
        about = sets[mutant.mutated.requests.actions] if mutant.mutated else ()
        last = {name.rpartition(".")[2] for name in about}
        made.append((mutant, last, folder.decisions(mutant) is not None))
    return made


def test_a_mutant_that_takes_the_port_of_another_is_no_policy() -> None:
    made = of_first_rule(
        "cell a { profile low; deny network.bind port {22, 80}; }\n"
        "cell b { profile confined; listen tcp 80; }\n"
    )
    assert [m.kind for m, _, compiles in made if not compiles] == ["flip"]


@pytest.mark.parametrize("reason", ["", '@reason "trusted" '])
def test_a_mutant_that_grants_without_its_reason_is_no_policy(reason: str) -> None:
    made = of_first_rule(f"cell a {{ profile low; {reason}grant process.nice; }}\n")
    assert {m.text: compiles for m, _, compiles in made} == {
        "dropped": True,
        "deny instead of grant": True,
        "process.* instead of its actions": bool(reason),
    }


def test_fewer_conditions_match_all_that_a_rule_names() -> None:
    made = of_first_rule("cell a { profile low; deny network.bind tcp port 22; }\n")
    about = {mutant.text: names for mutant, names, _ in made}
    assert about["without `port`"] == {"port", "privport"}
    assert about["without `tcp or udp`"] == {"privport"}
    made = of_first_rule("cell a { profile low; deny network.bind port 22; }\n")
    assert made[-1][1] == {"port", "privport", "anyaddr"}
