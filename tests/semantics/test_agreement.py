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
from tests.semantics.support import TODAY, compile_text, must, program, root_files

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


@pytest.mark.parametrize("others", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "rules",
    [
        "allow process.signal to {self, host};",
        "allow process.signal to {self, host, named};",
        "allow process.signal to any; deny process.signal to host; deny process.signal to self;",
        "allow process.signal to named; deny process.signal to {self, host};",
    ],
)
def test_cells_alike_whom_no_rule_names(others: int, rules: str) -> None:
    """They share a class, and each of them is another cell to the others."""
    cells = "".join(f"cell c{n} {{ profile p; }}" for n in range(others + 1))
    text = "policy p;\ntarget netbsd 10.1;\n"
    text += f"profile p extends low {{ {rules} }} {cells} cell named {{ profile low; }}"
    assert disagreements(must(compile_text(text)).ir) == []
