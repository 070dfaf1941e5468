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
from tests.semantics.support import TODAY, must, root_files

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
    program = must(compile_policy(path, TODAY))
    assert disagreements(program.ir) == []


def test_generated_policies(generated: Generated) -> None:
    for seed, program in generated(GENERATED):
        assert disagreements(program.ir) == [], f"seed {seed}"
