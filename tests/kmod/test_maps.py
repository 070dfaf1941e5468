"""Maps from numbers to numbers, what classes hold of ports, and who listens on them."""

from __future__ import annotations

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from backends.kmod.maps import Maps, Pages, Steps, points, sums
from backends.kmod.ports import Owners, by_leaf, stretches
from backends.kmod.tables import BIND_BITS, ENDS, MAX_PORT, PAGE, PORT_MAP, WITH, tops

KEYS = st.integers(0, MAX_PORT)
EDGES = st.sampled_from((0, 1, 63, 64, 65, 127, 128, 2047, 2048, 65471, 65472, 65535))
RANGES = st.tuples(KEYS | EDGES, KEYS | EDGES).map(sorted)
PARTS = st.lists(st.tuples(RANGES, st.integers(1, 9)), max_size=6)
#: Parts each of which has bits of its own.
BINDS = st.lists(RANGES, max_size=6).map(lambda x: [(r, 1 << 2 * i) for i, r in enumerate(x)])


def look_up(pages: Pages, maps: Maps, number: int, keys: int, key: int) -> int:
    return pages.numbers[maps.tops[number * tops(keys) + key // PAGE] + key % PAGE]


def at(steps: Steps, key: int) -> int:
    return steps[bisect_left(steps, (key, 0))][1]


def summed(parts: list[tuple[list[int], int]]) -> Steps:
    return sums([(low, high, number) for (low, high), number in parts], MAX_PORT)


@given(PARTS, st.lists(KEYS | EDGES))
def test_sums(parts: list[tuple[list[int], int]], keys: list[int]) -> None:
    pages = Pages()
    maps = Maps(pages)
    number = maps.add(summed(parts))
    for key in [*keys, *(end for ends, _ in parts for end in ends)]:
        expected = sum(number for (low, high), number in parts if low <= key <= high)
        assert look_up(pages, maps, number, MAX_PORT + 1, key) == expected


@given(
    st.integers(0, 300),
    st.dictionaries(st.integers(0, 300), st.integers(0, 3)),
    st.integers(0, 3),
)
def test_points(last: int, exceptions: dict[int, int], default: int) -> None:
    exceptions = {key: number for key, number in exceptions.items() if key <= last}
    pages = Pages()
    maps = Maps(pages)
    number = maps.add(points(default, sorted(exceptions.items()), last))
    assert len(maps.tops) == tops(last + 1)
    for key in range(last + 1):
        assert look_up(pages, maps, number, last + 1, key) == exceptions.get(key, default)


def test_equal_maps_are_one() -> None:
    maps = Maps(Pages())
    specs = [points(default, [(key, 3)], 700) for default in (0, 1) for key in (0, 80, 700)]
    numbers = [maps.add(steps) for steps in specs]
    assert numbers == list(range(len(specs)))
    assert [maps.add(list(steps)) for steps in specs] == numbers


def test_a_map_with_one_exception_costs_one_page() -> None:
    pages = Pages()
    maps = Maps(pages)
    maps.add(points(0, (), 700))
    assert len(pages.numbers) == PAGE
    maps.add(points(0, [(443, 1)], 700))
    assert len(pages.numbers) == 2 * PAGE


@given(BINDS, st.lists(KEYS | EDGES))
def test_stretches_of_ports(binds: list[tuple[list[int], int]], keys: list[int]) -> None:
    """A class says of each port what the leaf says that the port is asked about."""
    pages = Pages()
    maps = Maps(pages)
    steps = sums([(low, high, number) for (low, high), number in binds], MAX_PORT)
    ends, verdicts = stretches(by_leaf(steps), maps)
    assert (len(ends), len(verdicts)) == (ENDS, ENDS + 1)
    for key in {*keys, *(end for ends, _ in binds for end in ends)} - {0}:
        expected = at(steps, key) >> (6 if key < 1024 else 0) & BIND_BITS
        if verdicts[-1] & PORT_MAP:
            assert look_up(pages, maps, ends[0], MAX_PORT + 1, key) == expected
        else:
            assert list(ends) == sorted(ends)
            assert verdicts[bisect_left(ends, key)] == expected


CELLS = st.integers(1, 4)


@given(st.lists(st.tuples(RANGES, CELLS | st.just(0), CELLS | st.just(0), st.integers(0, 9))))
def test_owners(listening: list[tuple[list[int], int, int, int]]) -> None:
    """Each port has the cells that listen on it and their verdicts, in whatever numbers."""
    parts, at_port = [], dict[int, tuple[int, int, int]]()
    end = 0
    for (low, high), tcp, udp, binds in sorted(listening):
        low, end = max(low, end, 1), max(high + 1, end, 1)
        if low < end and (tcp or udp):
            parts.append((low, end - 1, tcp, udp, binds))
            kept = binds & (3 * (tcp > 0) | 12 * (udp > 0))
            at_port |= dict.fromkeys((low, end - 1), (tcp, udp, kept))
    owners = Owners(5)
    reserved = [
        (low, high, cell, protocol == 1)
        for low, high, *cells, _ in parts
        for protocol, cell in enumerate(cells)
        if cell
    ]
    steps = owners.steps(reserved, [(low, high, b | b << 6) for low, high, _, _, b in parts])
    assert steps[-1][0] == MAX_PORT
    for port, (tcp, udp, binds) in at_port.items():
        number = at(steps, port)
        owner = owners.others[number - 5] if number >= 5 else None
        how = owners.listening[number] if owner is None else owner.listening
        assert how == ((tcp > 0) + 2 * (udp > 0)) << WITH | binds
        assert owner is None or (owner.tcp, owner.udp) == (tcp, udp)
        assert owner is not None or {tcp, udp} <= {0, number}
    assert at(steps, 0) == 0
