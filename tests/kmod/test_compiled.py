"""The compiled kernel module decides as the reference evaluator does, rule and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.kmod.build import build
from backends.kmod.image import encode
from compiler.driver import compile_policy
from compiler.ir.ir import IR
from tests.conftest import Generated
from tests.kmod.build import Builder
from tests.kmod.house import street
from tests.kmod.machine import session
from tests.kmod.questions import Population, expected
from tests.semantics.support import TODAY, compile_text, must, root_files

GENERATED = 80


def disagreements(driver: Path, ir: IR, *before: str) -> list[str]:
    people = Population(ir)
    cases = list(expected(ir))
    setup = [*before, *people.commands]
    answers = session(driver, *setup, *(people.command(request) for request, _ in cases))
    entered = [a for c, a in zip(setup, answers, strict=False) if c.startswith("set ")]
    assert set(entered) <= {"0"}
    pairs = zip(cases, answers[len(setup) :], strict=True)
    return [f"{case[0]}: {case[1]} not {got}" for case, got in pairs if case[1] != got]


@pytest.mark.parametrize("path", root_files(), ids=lambda p: p.stem)
def test_tables_compiled_in(builder: Builder, path: Path) -> None:
    ir = must(compile_policy(path, TODAY)).ir
    assert disagreements(builder.driver(ir), ir) == []


def test_maps_and_shared_owners(builder: Builder, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(encode(build(street())))
    assert disagreements(builder.driver(street()), street()) == []
    empty = must(compile_text(f"policy empty;\ntarget netbsd {street().target};\n")).ir
    assert disagreements(builder.driver(empty), street(), f"load 0 {image}") == []


def test_images_of_generated_policies(
    builder: Builder, generated: Generated, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    for seed, made in generated(GENERATED):
        empty = must(compile_text(f"policy empty;\ntarget netbsd {made.ir.target};\n"))
        image.write_bytes(encode(build(made.ir)))
        driver = builder.driver(empty.ir)
        assert disagreements(driver, made.ir, f"load 0 {image}") == [], f"seed {seed}"
