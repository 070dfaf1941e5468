"""Folds the layers of a cell into disjoint verdicts, and finds rules at odds with each other.

Follows "Which rule decides" of the language reference on sets of requests at
once; `compiler.ir.evaluate` answers the same question one request at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from compiler.ir.ir import Effect, Request, Rule
from compiler.lowering.space import Space
from compiler.record import NamedTuple

ProblemKind = Literal["ambiguous", "contradiction", "duplicate", "final", "listen", "empty"]


class Problem(NamedTuple):
    """Rules that do not go together: indices of rules, and a request that shows it.

    ambiguous: two unbeaten rules of a layer disagree; contradiction: the same with
    equal sets; duplicate: equal sets, same effect; final: the second rule decides
    otherwise what the first holds final; listen: the first denies ports that the
    second listens on; empty: the rule matches nothing.
    """

    kind: ProblemKind
    rules: tuple[int, ...]
    witness: Request | None


class Region(NamedTuple):
    """The requests (bits of a space) that one rule decides."""

    rule: int
    effect: Effect
    bits: int


class _Layer(NamedTuple):
    regions: list[Region]
    """Explicit rules, each with what no other rule of the layer beats it in."""
    listens: list[Region]


class Folded(NamedTuple):
    """Layers that are ready to be put on top of each other, and what is wrong with them."""

    layers: list[_Layer]
    problems: list[Problem]

    @property
    def explicit(self) -> list[Region]:
        """What decides each request if nothing is listened on."""
        return _combine(self.layers, listening=False)

    @property
    def listening(self) -> list[Region]:
        """What decides each request."""
        return _combine(self.layers, listening=any(layer.listens for layer in self.layers))

    @property
    def owned(self) -> list[Region]:
        """What decides the requests for ports that are listened on."""
        own = 0
        for layer in self.layers:
            for listen in layer.listens:
                own |= listen.bits
        return _combine(self.layers, listening=True, within=own) if own else []


def fold(space: Space, rules: Sequence[Rule], layers: Sequence[Sequence[int]]) -> Folded:
    """Folds layers of rule indices in order, the least derived layer first."""
    problems: list[Problem] = []
    seen = [_folded_layer(space, rules, tuple(layer), problems) for layer in layers]
    _check_finals(space, rules, seen, problems)
    return Folded(seen, problems)


def _folded_layer(
    space: Space, rules: Sequence[Rule], indices: tuple[int, ...], problems: list[Problem]
) -> _Layer:
    """A layer in a space; one without ports and peers is the same in all spaces of a shape."""
    requests = [rules[index].requests for index in indices]
    if any(r.to is not None or r.ports is not None for r in requests):
        return _layer(space, rules, indices, problems)
    key = (indices, space.shape)
    known = space.layout.layers.get(key)
    if known is None:
        known = space.layout.layers[key] = _layer(space, rules, indices, problems)
    assert isinstance(known, _Layer)
    return known


def _layer(
    space: Space, rules: Sequence[Rule], indices: Sequence[int], problems: list[Problem]
) -> _Layer:
    masks: list[tuple[int, int]] = []
    listens: list[Region] = []
    for index in indices:
        rule = rules[index]
        mask = space.mask(rule.requests)
        if rule.listen:
            listens.append(Region(index, "allow", mask))
        elif mask:
            masks.append((index, mask))
        else:
            problems.append(Problem("empty", (index,), None))
    regions = _unbeaten(space, rules, masks, problems)
    for listen in listens:
        for region in regions:
            if region.effect == "deny" and (both := region.bits & listen.bits):
                witness = space.witness(both)
                problems.append(Problem("listen", (region.rule, listen.rule), witness))
    return _Layer(regions, listens)


def contested(masks: Iterable[int]) -> int:
    """The requests that are in more than one of some sets."""
    once = twice = 0
    for mask in masks:
        twice |= once & mask
        once |= mask
    return twice


def _unbeaten(
    space: Space,
    rules: Sequence[Rule],
    masks: list[tuple[int, int]],
    problems: list[Problem],
) -> list[Region]:
    """Point 2: a rule yields where another one's set is a strict subset of its own."""
    twice = contested(mask for _, mask in masks)
    if not twice:
        return [Region(index, rules[index].effect, mask) for index, mask in masks]
    touching = [(place, *pair) for place, pair in enumerate(masks) if pair[1] & twice]
    regions = []
    for place, (index, mask) in enumerate(masks):
        beaten = 0
        for before, other, smaller in touching if mask & twice else ():
            if smaller & ~mask:
                continue
            if smaller != mask:
                beaten |= smaller
            elif before < place:
                same = rules[other].effect == rules[index].effect
                kind: ProblemKind = "duplicate" if same else "contradiction"
                problems.append(Problem(kind, (other, index), space.witness(mask)))
        regions.append(Region(index, rules[index].effect, mask & ~beaten))
    by_effect = {"deny": 0, "allow": 0, "grant": 0}
    for region in regions:
        by_effect[region.effect] |= region.bits
    deny, allow, grant = by_effect.values()
    if deny & allow or deny & grant or allow & grant:
        _find_ambiguous(space, regions, problems)
    return regions


def _find_ambiguous(space: Space, regions: list[Region], problems: list[Problem]) -> None:
    known = {p.rules for p in problems if p.kind == "contradiction"}
    for i, first in enumerate(regions):
        for second in regions[i + 1 :]:
            both = first.bits & second.bits
            pair = (first.rule, second.rule)
            if both and first.effect != second.effect and pair not in known:
                problems.append(Problem("ambiguous", pair, space.witness(both)))


def _check_finals(
    space: Space, rules: Sequence[Rule], layers: list[_Layer], problems: list[Problem]
) -> None:
    """Point 3: what a final rule decides, no later layer may decide otherwise."""
    finals: list[Region] = []
    for layer in layers:
        if finals:
            explicit = 0
            for region in layer.regions:
                explicit |= region.bits
            later = [*layer.regions, *(x._replace(bits=x.bits & ~explicit) for x in layer.listens)]
            for final in finals:
                for region in later:
                    both = final.bits & region.bits
                    if both and region.effect != final.effect:
                        pair = (final.rule, region.rule)
                        problems.append(Problem("final", pair, space.witness(both)))
        finals += [r for r in layer.regions if rules[r.rule].final]


def _combine(layers: list[_Layer], listening: bool, within: int = -1) -> list[Region]:
    """Points 1 and 4: the most derived layer with a matching rule decides."""
    left = within
    won: list[Region] = []
    for layer in reversed(layers):
        for regions in (layer.regions, layer.listens if listening else ()):
            for region in regions:
                bits = region.bits & left
                if bits:
                    left ^= bits
                    whole = bits == region.bits
                    won.append(region if whole else Region(region.rule, region.effect, bits))
    return won
