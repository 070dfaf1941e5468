"""The folded result decides as the reference evaluator does, rule and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.driver import compile_policy
from compiler.ir.decide import Decider
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR
from compiler.ir.requests import all_requests
from tests.conftest import Generated
from tests.semantics.support import TODAY, must, program, root_files

GENERATED = 400


def disagreements(ir: IR) -> list[str]:
    reference, quick = Evaluator(ir), Decider(ir)
    found = []
    for request in all_requests(ir):
        expected, got = reference.decide(request), quick.decide(request)
        if expected != got:
            found.append(f"{request}: {expected}, folded: {got}")
    return found


@pytest.mark.parametrize("path", root_files(), ids=lambda p: p.stem)
def test_shipped_policies(path: Path) -> None:
    assert disagreements(must(compile_policy(path, TODAY)).ir) == []


@pytest.mark.parametrize("to", ["{self, host}", "{self, host, b}", "host", "any", "{self, b}"])
@pytest.mark.parametrize("others", [1, 2, 3])
def test_cells_of_one_class_are_each_itself(to: str, others: int) -> None:
    rule = f"profile p {{ deny process.nice to {to}; }}\n"
    cells = "".join(f"cell {name} {{ profile p; }}\n" for name in "abcd"[: 1 + others])
    assert disagreements(program(rule + cells).ir) == []


def test_generated_policies(generated: Generated) -> None:
    for seed, made in generated(GENERATED):
        assert disagreements(made.ir) == [], f"seed {seed}"
