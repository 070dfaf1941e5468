"""Maps from numbers to numbers, and the numbers of ports."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from backends.kmod.maps import Maps, Steps, points, sums
from backends.kmod.ports import Ports
from backends.kmod.tables import MAX_PORT, PAGE

KEYS = st.integers(0, MAX_PORT)
EDGES = st.sampled_from((0, 1, 63, 64, 65, 127, 128, 2047, 2048, 65471, 65472, 65535))
RANGES = st.tuples(KEYS | EDGES, KEYS | EDGES).map(sorted)
PARTS = st.lists(st.tuples(RANGES, st.integers(1, 9)), max_size=6)


def look_up(maps: Maps, root: int, key: int) -> int:
    return maps.pages[maps.tops[root + key // PAGE] + key % PAGE]


def at(steps: Steps, key: int) -> int:
    return steps[bisect_left(steps, (key, 0))][1]


def summed(parts: list[tuple[list[int], int]]) -> Steps:
    return sums([(low, high, number) for (low, high), number in parts], MAX_PORT)


@given(PARTS, st.lists(KEYS | EDGES))
def test_sums(parts: list[tuple[list[int], int]], keys: list[int]) -> None:
    maps = Maps()
    root = maps.add(summed(parts))
    for key in [*keys, *(end for ends, _ in parts for end in ends)]:
        expected = sum(number for (low, high), number in parts if low <= key <= high)
        assert look_up(maps, root, key) == expected


@given(
    st.integers(0, 300),
    st.dictionaries(st.integers(0, 300), st.integers(0, 3)),
    st.integers(0, 3),
)
def test_points(last: int, exceptions: dict[int, int], default: int) -> None:
    exceptions = {key: number for key, number in exceptions.items() if key <= last}
    maps = Maps()
    root = maps.add(points(default, sorted(exceptions.items()), last))
    assert len(maps.tops) - root == last // PAGE + 1
    for key in range(last + 1):
        assert look_up(maps, root, key) == exceptions.get(key, default)


def test_equal_maps_are_one() -> None:
    maps = Maps()
    specs = [points(default, [(key, 3)], 700) for default in (0, 1) for key in (0, 80, 700)]
    roots = [maps.add(steps) for steps in specs]
    assert len(set(roots)) == len(specs)
    assert [maps.add(list(steps)) for steps in specs] == roots


def test_a_map_with_one_exception_costs_one_page() -> None:
    maps = Maps()
    maps.add(points(0, (), 700))
    assert len(maps.pages) == PAGE
    maps.add(points(0, [(443, 1)], 700))
    assert len(maps.pages) == 2 * PAGE


@given(st.lists(PARTS, max_size=3), PARTS, st.lists(KEYS | EDGES))
def test_ports_have_numbers_that_tell_them_apart(
    rules: list[list[tuple[list[int], int]]], owned: list[tuple[list[int], int]], keys: list[int]
) -> None:
    by_port, owners = [summed(parts) for parts in rules], summed(owned)
    ports = Ports(by_port, owners)
    maps = Maps()
    roots = [maps.add(ports.by_number(steps)) for steps in by_port]
    for key in [*keys, *(end for parts in [*rules, owned] for ends, _ in parts for end in ends)]:
        number = at(ports.steps, key)
        owner = ports.owners[number - ports.free] if number >= ports.free else 0
        assert owner == at(owners, key)
        assert [look_up(maps, root, number) for root in roots] == [at(s, key) for s in by_port]
