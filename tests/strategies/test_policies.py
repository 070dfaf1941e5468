"""The strategies give what they promise."""

from __future__ import annotations

import pytest
from hypothesis import Phase, find, given, settings

from compiler.catalogue.actions import RELEASES
from compiler.ir.ir import IR
from tests.semantics.support import compile_text
from tests.strategies.policies import ir_policies, semantic_policies

_quick = settings(max_examples=300, deadline=None, phases=[Phase.generate], derandomize=True)


@pytest.mark.parametrize("target", RELEASES)
def test_policies_are_for_their_target(target: str) -> None:
    @given(ir_policies(target))
    @settings(_quick, max_examples=5)
    def check(ir: IR) -> None:
        assert ir.target == target
        assert ir.cells

    check()


def test_nine_in_ten_policies_compile() -> None:
    failed = []

    @given(semantic_policies())
    @settings(_quick, max_examples=60)
    def check(text: str) -> None:
        failed.append(compile_text(text).failed)

    check()
    assert sum(failed) <= len(failed) / 10


def test_rich_policies_turn_up() -> None:
    def several_cells(ir: IR) -> bool:
        return len(ir.cells) > 2 and len(ir.classes) > 2

    def every_effect(ir: IR) -> bool:
        return len({rule.effect for rule in ir.rules if not rule.listen}) == 3

    def every_setting(ir: IR) -> bool:
        return any(c.service and c.mounts for c in ir.cells) and any(c.limits for c in ir.cells)

    for rich in (several_cells, every_effect, every_setting):
        find(ir_policies(), rich, settings=_quick)
