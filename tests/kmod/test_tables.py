"""The tables decide as the reference evaluator does, rule and all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backends.kmod.build import build
from backends.kmod.simulate import Simulator, decide
from backends.kmod.tables import UNLIMITED, Tables
from compiler.driver import compile_policy
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR, Request
from compiler.ir.requests import all_requests
from tests.conftest import Generated
from tests.kmod.house import street
from tests.semantics.support import TODAY, must, program, root_files

GENERATED = 80


def disagreements(ir: IR, tables: Tables) -> list[str]:
    reference, simulator = Evaluator(ir), Simulator(tables)
    found = []
    for request in all_requests(ir):
        decision = reference.decide(request)
        rule = ir.rules[decision.rule].id if decision.rule is not None else 0
        got = simulator.decide(request)
        if got != (decision.effect, rule):
            found.append(f"{request}: {decision.effect} {rule}, the tables say {got}")
    return found


@pytest.mark.parametrize("path", root_files(), ids=lambda p: p.stem)
def test_shipped_policies(path: Path) -> None:
    ir = must(compile_policy(path, TODAY)).ir
    assert disagreements(ir, build(ir)) == []


def test_maps_and_shared_owners() -> None:
    tables = build(street())
    assert tables.port_tops
    assert tables.peer_tops
    assert tables.owners
    assert disagreements(street(), tables) == []


def test_generated_policies(generated: Generated) -> None:
    for seed, made in generated(GENERATED):
        assert disagreements(made.ir, build(made.ir)) == [], f"seed {seed}"


def test_cells_with_equal_rights_share_a_class() -> None:
    cells = "".join(f"cell c{i} {{ profile low; listen tcp {1000 + i}; }}\n" for i in range(50))
    tables = build(program(cells).ir)
    assert len(tables.classes) == 2
    assert set(tables.class_of[1:]) == {1}


def test_rules_with_other_ids_do_not_split_a_class() -> None:
    ir = program(
        "cell a { profile low; deny system.module; }\ncell b { profile low; deny system.module; }"
    ).ir
    tables = build(ir)
    assert len(tables.classes) == 2
    rules = {decide(tables, Request(name, "system.module"))[1] for name in "ab"}
    assert rules == {rule.id for rule in ir.rules if rule.effect == "deny"} & rules
    assert len(rules) == 2


def test_a_rule_about_the_own_cell_by_name() -> None:
    ir = program(
        "profile p { deny process.signal to a; }\n"
        "cell a { profile p; }\ncell b { profile p; allow process.signal to a; }"
    ).ir
    tables = build(ir)
    assert decide(tables, Request("a", "process.signal", target="a"))[0] == "deny"
    assert decide(tables, Request("b", "process.signal", target="b"))[0] == "allow"
    assert decide(tables, Request("b", "process.signal", target="a"))[0] == "allow"


def test_gaps_between_ids_are_of_no_class() -> None:
    ir = program("cell a { profile low; }\ncell b { profile low; }").ir
    a, b = ir.cells
    tables = build(replace(ir, cells=(replace(a, id=3), replace(b, id=7))))
    assert tables.class_of == (0, 0, 0, 1, 0, 0, 0, 1)
    assert [tables.cells[i].name for i in tables.cell_of] == list("???a???b")


def test_a_policy_without_cells() -> None:
    tables = build(program("").ir)
    assert tables.class_of == (0,)
    assert decide(tables, Request("host", "system.module")) == ("allow", 0)


def test_limits_of_cells() -> None:
    ir = program(
        "cell a { profile low; limits { processes 7; nofile 64; core unlimited; } }\n"
        "cell b { profile low; }"
    ).ir
    tables = build(ir)
    a, b = tables.cells[1:]
    assert (a.processes, b.processes) == (7, UNLIMITED)
    assert tables.ceilings[a.limits][8] == 64
    assert tables.ceilings[a.limits][4] == tables.ceilings[b.limits][8] == (1 << 64) - 1
