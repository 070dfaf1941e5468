"""What a decision costs: counted by callgrind, so the same on every machine of a kind."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import pytest

from backends.kmod.build import build
from backends.kmod.size import size
from benchmarks.kernel.measure import instructions, policy, program

#: The most instructions of a decision, from its arguments to its verdict.
MOST = {
    "system": 24,
    "device": 24,
    "machdep": 24,
    "process, own cell": 40,
    "process, other cell": 40,
    "process, host": 40,
    "bind, nobody's port": 20,
    "bind, own port": 20,
    "bind, other's port": 20,
    "bind, other protocol": 30,
    "vnode": 24,
}
CELLS = (1, 10, 1000)

Counts = Mapping[int, Mapping[str, float]]


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Counts:
    directory = tmp_path_factory.mktemp("cost")
    asks = program(directory)
    return {cells: instructions(asks, policy(cells), directory) for cells in CELLS}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="counts instructions of amd64")
def test_decisions_are_short(counts: Counts) -> None:
    for cells in CELLS:
        for what, most in MOST.items():
            assert 0 < counts[cells][what] <= most, (cells, what)


def test_decisions_cost_the_same_with_any_number_of_cells(counts: Counts) -> None:
    for what in MOST:
        if what == "process, other cell":  # in a house of one cell there is no other
            continue
        costs = [counts[cells][what] for cells in CELLS]
        assert max(costs) <= 1.05 * min(costs), what


def test_a_list_is_never_quicker(counts: Counts) -> None:
    for cells in CELLS:
        found = counts[cells]
        assert found["system"] <= found["list: system"]
        assert found["process, own cell"] <= found["list: process"]
        assert found["bind, nobody's port"] <= found["list: bind"]
        if cells == CELLS[-1]:
            assert found["list: system"] > 50 * found["system"]


def test_bytes_of_tables() -> None:
    cells = 1000
    made = size(build(policy(cells)))
    assert made.by_id <= 4 * (cells + 1)
    assert made.lines == 64 * made.classes
    assert made.ports <= 144 * 1024 + 32 * cells
    assert made.shared < made.unshared / 100
