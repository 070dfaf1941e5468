"""Boxes: sets of requests that are products of sets, each set the bits of one integer.

Decisions of a policy are few boxes even where they are very many requests, and
meeting, subtracting and joining boxes is arithmetic.  `compiler.analysis.frame`
says which bit is what.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import TypeVar

from compiler.record import NamedTuple

Key = TypeVar("Key", bound=Hashable)


class Box(NamedTuple):
    """Requests of some subjects; the leaves of one box all carry the same conditions.

    A condition that the leaves do not carry is 1.  Bit 0 of `targets` is the subject's
    own cell; the bit of a cell's name does not hold for that cell itself.
    """

    subjects: int
    actions: int
    targets: int = 1
    protocols: int = 1
    ports: int = 1
    """Bit n is port n, bit 0 `auto`."""
    domains: int = 1
    types: int = 1
    socket_protocols: int = 1


_FIELDS = range(len(Box._fields))


def real(box: Box) -> Box | None:
    """A box without bits that mean nothing, or None if it holds no request."""
    subjects, targets = box.subjects, box.targets
    if subjects & targets and not subjects & (subjects - 1):
        box = box._replace(targets=targets & ~subjects)
    return box if box.targets else None


def meet(a: Box, b: Box) -> Box | None:
    """The requests in both, or None if there are none."""
    subjects = a[0] & b[0]
    if not subjects:
        return None
    actions = a[1] & b[1]
    if not actions:
        return None
    both = Box(
        subjects, actions, a[2] & b[2], a[3] & b[3], a[4] & b[4], a[5] & b[5], a[6] & b[6],
        a[7] & b[7],
    )  # fmt: skip
    return real(both) if all(both) else None


def minus(a: Box, b: Box) -> list[Box]:
    """What is in `a` and not in `b`, as disjoint boxes."""
    both = meet(a, b)
    if both is None:
        return [a]
    left = []
    for field in _FIELDS:
        rest = a[field] & ~both[field]
        if rest:
            piece = real(Box._make((*both[:field], rest, *a[field + 1 :])))
            if piece is not None:
                left.append(piece)
    return left


def without(boxes: Iterable[Box], holes: Iterable[Box]) -> list[Box]:
    """What is in some disjoint boxes and in none of the holes."""
    left = list(boxes)
    for hole in holes:
        left = [piece for box in left for piece in minus(box, hole)]
    return left


def size(box: Box) -> int:
    """How many requests a box holds; every port is one, and so is every number without a name."""
    across = box.subjects.bit_count() * box.targets.bit_count()
    across -= (box.subjects & box.targets).bit_count()  # no cell has its own name for a target
    for bits in (box.actions, *box[3:]):
        across *= bits.bit_count()
    return across


def joined(rows: Iterable[tuple[Key, Box]]) -> list[tuple[Key, Box]]:
    """Disjoint boxes with equal keys made one wherever they differ in one field only.

    A box that is made of several stands where the first of them stood.
    """
    alike: dict[Key, dict[Box, int]] = {}
    for place, (key, box) in enumerate(rows):
        alike.setdefault(key, {}).setdefault(box, place)
    made = [
        (place, key, box)
        for key, boxes in alike.items()
        for box, place in (boxes.items() if len(boxes) == 1 else _merged(boxes))
    ]
    made.sort(key=itemgetter(0))
    return [(key, box) for _, key, box in made]


def _merged(boxes: Mapping[Box, int]) -> Iterator[tuple[Box, int]]:
    """Few boxes in place of some, with the places of their first ones.

    Fields are numbered: long integers are hashed once, not once for each field.
    """
    values: list[int] = []
    numbers: dict[int, int] = {}

    def number(bits: int) -> int:
        found = numbers.get(bits)
        if found is None:
            found = numbers[bits] = len(values)
            values.append(bits)
        return found

    left = [(tuple(map(number, box)), place) for box, place in boxes.items()]
    idle, field = 0, -1
    while idle < len(_FIELDS) and len(left) > 1:
        idle += 1
        field = (field + 1) % len(_FIELDS)
        alike: dict[tuple[int, ...], list[tuple[tuple[int, ...], int]]] = {}
        for row in left:
            fields = row[0]
            alike.setdefault(fields[:field] + fields[field + 1 :], []).append(row)
        if len(alike) == len(left):
            continue
        idle = 1
        left = []
        for some in alike.values():
            first, place = some[0]
            if len(some) > 1:
                bits = 0
                for fields, _ in some:
                    bits |= values[fields[field]]
                first = (*first[:field], number(bits), *first[field + 1 :])
            left.append((first, place))
    for fields, place in left:
        yield Box._make(values[i] for i in fields), place
