"""Maps from 16 bits to a number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backends.kmod.maps import Maps, points, sums
from backends.kmod.tables import FANOUT, LEAF, MAX_ID, look_up

KEYS = st.integers(0, MAX_ID)
EDGES = st.sampled_from((0, 1, 63, 64, 65, 2047, 2048, 4095, 65471, 65472, 65535))
RANGES = st.tuples(KEYS | EDGES, KEYS | EDGES).map(sorted)


@given(st.lists(st.tuples(RANGES, st.integers(1, 9)), max_size=6), st.lists(KEYS | EDGES))
def test_sums(parts: list[tuple[list[int], int]], keys: list[int]) -> None:
    maps = Maps()
    root = maps.add(sums([(low, high, number) for (low, high), number in parts]))
    for key in [*keys, *(end for ends, _ in parts for end in ends)]:
        expected = sum(number for (low, high), number in parts if low <= key <= high)
        assert look_up(tuple(maps.words), root, key) == expected


@given(st.dictionaries(KEYS | EDGES, st.integers(0, 3)), st.integers(0, 3), st.lists(KEYS | EDGES))
def test_points(exceptions: dict[int, int], default: int, keys: list[int]) -> None:
    maps = Maps()
    root = maps.add(points(default, sorted(exceptions.items())))
    for key in [*keys, *exceptions]:
        assert look_up(tuple(maps.words), root, key) == exceptions.get(key, default)


def test_equal_maps_are_one() -> None:
    maps = Maps()
    specs = [points(default, [(key, 3)]) for default in (0, 1) for key in (0, 80, 65535)]
    roots = [maps.add(steps) for steps in specs]
    assert len(set(roots)) == len(specs)
    assert [maps.add(list(steps)) for steps in specs] == roots
    assert all(root % FANOUT == 0 for root in roots)


def test_a_map_with_one_exception_costs_one_path() -> None:
    maps = Maps()
    maps.add(points(0, ()))
    empty = len(maps.words)
    maps.add(points(0, [(443, 1)]))
    assert len(maps.words) - empty == 2 * FANOUT + LEAF
