"""An IR that is read without checks is the one that was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from compiler.driver import compile_policy
from compiler.ir.ir import IR
from compiler.ir.reread import reread
from compiler.ir.serialise import to_json
from tests.semantics.support import TODAY, must, root_files
from tests.strategies.policies import ir_policies


def agree(ir: IR) -> None:
    text = to_json(ir)
    again, rows = reread(text.encode())
    assert again == ir
    assert to_json(again) == to_json(again, rows) == text
    assert len(rows) == len(ir.rules) + len(ir.classes) + len(ir.cells)


@pytest.mark.parametrize("path", root_files(), ids=lambda path: path.stem)
def test_shipped_policies(path: Path) -> None:
    agree(must(compile_policy(path, TODAY)).ir)


@given(ir_policies())
def test_any_policy(ir: IR) -> None:
    agree(ir)
