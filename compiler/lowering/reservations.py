"""Ports that cells listen on: one owner each, and rules of others that reach for them."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from compiler.catalogue.actions import load
from compiler.ir.ir import IR, Cell, Reservation, Rule
from compiler.record import NamedTuple


def reservations(
    chains: Iterable[tuple[str, Iterable[int]]],
    listens: Sequence[Iterable[int]],
    rules: Sequence[Rule],
) -> tuple[Reservation, ...]:
    """What cells reserve, each a name and its layers; `listens` are the rules of layers that do."""
    made = []
    for cell, layers in chains:
        for layer in layers:
            for index in listens[layer]:
                requests = rules[index].requests
                if requests.ports and requests.protocols:
                    protocol: Literal["tcp", "udp"] = (
                        "tcp" if requests.protocols == ("tcp",) else "udp"
                    )
                    made.append(Reservation(cell, protocol, requests.ports, index))
    return tuple(made)


class Claim(NamedTuple):
    """One interval of ports of one protocol that a cell listens on."""

    protocol: str
    low: int
    high: int
    cell: str
    rule: int


def claims(reservations: Iterable[Reservation]) -> list[Claim]:
    """All intervals, by protocol and port."""
    return sorted(
        Claim(r.protocol, low, high, r.cell, r.rule) for r in reservations for low, high in r.ports
    )


def collisions(ordered: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of claims that overlap, each later claim with the one that reaches furthest."""
    furthest: Claim | None = None
    for claim in ordered:
        if furthest is not None and furthest.protocol == claim.protocol:
            if claim.low <= furthest.high:
                yield furthest, claim
            if claim.high <= furthest.high:
                continue
        furthest = claim


def any_taken(ir: IR) -> bool:
    """Whether two cells listen on a port, or a rule of one opens a port of another."""
    ordered = claims(ir.reservations)
    if any(collisions(ordered)):
        return True
    leaves = load(ir.target).by_name
    binds = [any(leaves[name].dimension == "bind" for name in names) for names in ir.action_sets]
    opening = {
        index
        for index, rule in enumerate(ir.rules)
        if not rule.listen and binds[rule.requests.actions] and opens(rule)
    }
    by_layer = [opening.intersection(layer.rules) for layer in ir.layers]
    return any(taken(ir.cells, by_layer, ir.rules, ordered))


def taken(
    cells: Iterable[Cell],
    opening: Sequence[Iterable[int]],
    rules: Sequence[Rule],
    ordered: Sequence[Claim],
) -> Iterator[tuple[Claim, str, int]]:
    """Claims of others that rules of a cell open, with the cell and the rule.

    `opening` are the rules of layers that open certain ports.
    """
    owners = Owners(ordered)
    for cell in cells:
        for layer in cell.layers:
            for index in opening[layer]:
                hit = owners.hit_by(rules[index], cell.name)
                if hit is not None:
                    yield hit, cell.name, index


def opens(rule: Rule) -> bool:
    """Whether a rule about binds lets through those of certain ports."""
    return rule.effect != "deny" and rule.requests.ports is not None


class Owners:
    """Answers which claims an interval of ports hits; claims do not overlap."""

    def __init__(self, ordered: Sequence[Claim]) -> None:
        self._by_protocol: dict[str, list[Claim]] = {"tcp": [], "udp": []}
        for claim in ordered:
            self._by_protocol[claim.protocol].append(claim)
        self._lows = {p: [c.low for c in found] for p, found in self._by_protocol.items()}

    def hit_by(self, rule: Rule, cell: str) -> Claim | None:
        """The first claim of another cell that the rule's ports are about, from there on."""
        requests = rule.requests
        for protocol in requests.protocols or ("tcp", "udp"):
            found = self._by_protocol.get(protocol, [])
            for low, high in requests.ports or ():
                start = max(0, bisect.bisect_right(self._lows[protocol], low) - 1)
                for claim in found[start:]:
                    if claim.low > high:
                        break
                    if claim.high >= low and claim.cell != cell:
                        return claim._replace(low=max(low, claim.low))
        return None
