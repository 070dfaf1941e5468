"""Boxes hold every request exactly once, decided as the reference evaluator decides it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from compiler.analysis.boxes import Box, joined, meet, minus
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.frame import OWN, Frame
from compiler.driver import compile_policy
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR
from compiler.ir.requests import all_requests
from tests.semantics.generated import programs
from tests.semantics.support import TODAY, must, root_files

POLICIES = 24


def size(frame: Frame, box: Box) -> int:
    """How many requests a box holds; a name among targets is none for the cell itself."""
    own = (box.subjects & box.targets & ~OWN).bit_count()
    pairs = box.subjects.bit_count() * box.targets.bit_count() - own
    return pairs * math.prod(field.bit_count() for field in (box.actions, *box[3:]))


def disagreements(ir: IR, rows: Sequence[Decided]) -> list[str]:
    frame = Frame(ir)
    reference = Evaluator(ir)
    nearby: dict[tuple[int, int], list[Decided]] = {}
    found = []
    for request in all_requests(ir):
        point = frame.point(request)
        about = point[:2]
        if about not in nearby:
            nearby[about] = [r for r in rows if r.box[0] & about[0] and r.box[1] & about[1]]
        near = nearby[about]
        holding = [row for row in near if meet(row.box, point)]
        expected = reference.decide(request)
        if [(row.effect, row.rule) for row in holding] != [expected]:
            found.append(f"{request}: {expected}, but {holding}")
    return found


def check(ir: IR) -> None:
    frame = Frame(ir)
    everything = frame.everything()
    rows = list(Decisions(ir, frame).of(everything))
    assert sum(size(frame, row.box) for row in rows) == sum(size(frame, b) for b in everything)
    assert disagreements(ir, rows) == []


@pytest.mark.parametrize("path", root_files(), ids=lambda p: p.stem)
def test_shipped_policies(path: Path) -> None:
    check(must(compile_policy(path, TODAY)).ir)


def test_generated_policies() -> None:
    for _, program in programs(POLICIES):
        check(program.ir)


def test_joined_boxes_hold_the_same() -> None:
    for _, program in programs(POLICIES // 4, first=200):
        frame = Frame(program.ir)
        rows = list(Decisions(program.ir, frame).of(frame.everything()))
        fewer = joined(((row.effect, row.rule), row.box) for row in rows)
        assert len(fewer) < len(rows)
        assert disagreements(program.ir, [Decided(box, *key) for key, box in fewer]) == []


def test_a_single_request_has_a_single_decision() -> None:
    for seed, program in programs(POLICIES // 4, first=500):
        frame = Frame(program.ir)
        decisions, reference = Decisions(program.ir, frame), Evaluator(program.ir)
        for request in all_requests(program.ir):
            (row,) = decisions.of(frame.point(request))
            assert (row.effect, row.rule) == reference.decide(request), f"seed {seed}: {request}"


def test_witnesses_lie_in_their_boxes() -> None:
    for seed, program in programs(POLICIES // 4):
        frame = Frame(program.ir)
        for row in Decisions(program.ir, frame).of(frame.everything()):
            point = frame.point(frame.witness(row.box))
            assert meet(point, row.box) == point, f"seed {seed}: {row}"


def test_a_cell_is_not_among_the_others() -> None:
    box = Box(subjects=0b100, actions=1, targets=0b110)
    assert meet(box, box) == box._replace(targets=0b010)
    assert meet(box, box._replace(targets=0b100)) is None
    assert minus(box, box._replace(targets=0b010)) == []
