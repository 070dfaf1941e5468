"""Compares the certificate with what folding the rules gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from checker.space import Folded, Json, Space, World
from checker.tables import require


class Decided(World, Protocol):
    """What was found out about the cells of a build."""

    keys: dict[str, Json]
    folded: dict[Json, tuple[Space, Folded]]
    owned: dict[str, tuple[Space, Folded, int]]
    listening: list[tuple[str, list[str], list[list[int]], int]]


def certified(build: Decided, certificate: Json) -> None:
    """Whether the certificate says what the rules do, and about every request."""
    c, sets, seen, done = certificate, certificate["action_sets"], [], set()
    for i, group in enumerate(c["classes"]):
        for name in group["cells"]:
            space, folded = build.folded[build.keys[name]]
            if (i, build.keys[name]) not in done:
                done.add((i, build.keys[name]))
                _rows(space, group["requests"], sets, folded, space.all)
        seen += group["cells"]
    require(sorted(seen) == sorted(build.cells), "the certificate is about other cells")
    own_ports = [owned["cell"] for owned in c["owned"]]
    require(own_ports == sorted(build.owned), "the certificate is about ports of other cells")
    for owned in c["owned"]:
        space, folded, own = build.owned[owned["cell"]]
        _rows(space, owned["requests"], sets, folded, own)
    host = Space(build, "host", [])
    _rows(host, c["host"], sets, {}, host.all)
    wanted = [
        [cell, *protocol, ports, f"{build.ir['rules'][rule]['id']:08x}"]
        for cell, protocol, ports, rule in build.listening
    ]
    require(sorted(c["reserved"]) == sorted(wanted), "the certificate reserves other ports")


def _rows(
    space: Space, rows: Json, sets: Json, folded: Mapping[tuple[str, int], int], left: int
) -> None:
    """Whether rows are right, and cover what is left just once; rule 0 is no rule."""
    known, free = dict(folded), left
    for bits in folded.values():
        free &= ~bits
    known["deny", 0], known["allow", 0] = free & space.crossing, free & ~space.crossing
    for row in rows:
        bits = space.mask(row, sets) & space.real
        right = known.get((row["verdict"], int(row["rule"] or "0", 16)), 0)
        right = bits and not bits & ~(left & right)
        same = row["tables"] == [row["verdict"], row["rule"]]
        require(right and same, f"the certificate is wrong about {space.subject}: {row}")
        left &= ~bits
    require(not left, f"the certificate leaves out requests of {space.subject}")
