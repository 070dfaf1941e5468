"""What a decision costs: counted by callgrind, so the same on every machine of a kind."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

import pytest

from backends.kmod.build import build
from backends.kmod.size import size
from benchmarks.generate import SHAPES
from benchmarks.kernel.measure import instructions, lines, mapped, policy, program

#: The most instructions of a decision, from its arguments to its verdict.
MOST = {
    "system": 24,
    "device": 24,
    "machdep": 24,
    "process, own cell": 40,
    "process, other cell": 40,
    "process, host": 40,
    "bind, left to the kernel": 20,
    "bind, nobody's port": 20,
    "bind, nobody's below others'": 20,
    "bind, own port": 20,
    "bind, other's port": 20,
    "bind, other protocol": 20,
    "vnode": 24,
}
#: Where ports are told apart so often that the line of a class does not hold them.
MOST_MAPPED = MOST | {
    "bind, nobody's port": 29,
    "bind, nobody's below others'": 32,
    "bind, other protocol": 34,
}
#: The most lines of the cache that a decision touches beside those that all decisions share.
LINES = {
    "system": 2,
    "device": 2,
    "machdep": 2,
    "process, own cell": 3,
    "process, other cell": 4,
    "process, host": 3,
    "bind, left to the kernel": 2,
    "bind, nobody's port": 2,
    "bind, nobody's below others'": 3,
    "bind, own port": 2,
    "bind, other's port": 2,
    "bind, other protocol": 4,
    "vnode": 2,
}
CELLS = (1, 10, 1000)

Counts = Mapping[int, Mapping[str, float]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cost")


@pytest.fixture(scope="module")
def asks(directory: Path) -> Path:
    return program(directory)


@pytest.fixture(scope="module")
def counts(asks: Path, directory: Path) -> Counts:
    return {cells: instructions(asks, policy(cells), directory) for cells in CELLS}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="counts instructions of amd64")
def test_decisions_are_short(counts: Counts) -> None:
    for cells in CELLS:
        for what, most in MOST.items():
            assert 0 < counts[cells][what] <= most, (cells, what)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="counts instructions of amd64")
def test_decisions_by_maps_are_short(asks: Path, directory: Path) -> None:
    found = instructions(asks, mapped(10), directory)
    for what, most in MOST_MAPPED.items():
        assert 0 < found[what] <= most, what


def test_decisions_touch_few_lines(asks: Path, directory: Path) -> None:
    assert lines(asks, policy(100), directory) == LINES


def test_decisions_cost_the_same_with_any_number_of_cells(counts: Counts) -> None:
    for what in MOST:
        alone = what in ("process, other cell", "bind, other's port")  # one cell has no other
        costs = [counts[cells][what] for cells in CELLS[alone:]]
        assert max(costs) <= 1.05 * min(costs), what


def test_a_list_is_never_quicker(counts: Counts) -> None:
    for cells in CELLS:
        found = counts[cells]
        assert found["system"] <= found["list: system"]
        assert found["process, own cell"] <= found["list: process"]
        assert found["bind, nobody's port"] <= found["list: bind"]
        if cells == CELLS[-1]:
            assert found["list: system"] > 50 * found["system"]


@pytest.mark.parametrize("shape", SHAPES)
def test_bytes_of_tables(shape: str) -> None:
    """At most 4 a cell and 64 a class, beside what does not grow with either."""
    cells = 1000
    made = size(build(policy(cells, shape)))
    assert made.by_id == 4 * (cells + 1)
    assert made.lines == 64 * made.classes
    assert made.maps < 200
    assert made.ports == 128 * 1024
