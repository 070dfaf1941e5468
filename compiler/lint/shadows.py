"""Rules that others leave nothing to decide, and rules that change nothing.

Exact: sets of requests are compared as the compiler folds them, over all that the kernel
can ask (compiler/lowering/space.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from compiler.ir.ir import Effect, Verdict
from compiler.ir.requests import catalogue, words_of_rules
from compiler.lint.context import Context, Placed
from compiler.lowering.fold import contested, fold
from compiler.lowering.layout import Layout
from compiler.lowering.space import Space, Universe
from compiler.record import record
from compiler.source import Span
from compiler.syntax import tree as t

#: Cells with more rules are not looked at: comparing takes the square of their number.
MAX_RULES = 500

_Decided = dict[Effect, int]
"""The requests, as bits, that are decided with each effect."""


@record
class Shadowed:
    """A statement that decides nothing; `by` are the fewest that decide all it is about."""

    placed: Placed
    by: tuple[Span, ...]


def shadowed(context: Context) -> Iterator[Shadowed]:
    """The root file's rules that decide nothing in any cell they are for."""
    covers: dict[Span, set[Span]] = {}
    alive: set[Span] = set()
    idle = _seemingly_idle(context)
    for stack in context.memo(_stacks) if idle else ():
        for rule in stack.candidates() if stack.has_any(idle) else ():
            if rule not in idle:
                continue
            span = stack.spans[rule]
            needed = stack.decides_something(rule) or stack.opens_final(rule)
            cover = None if needed else stack.cover(rule)
            if cover is None:
                alive.add(span)
            else:
                covers.setdefault(span, set()).update(stack.spans[other] for other in cover)
    for placed in context.own(t.Rule) if covers else ():
        if placed.span in covers and placed.span not in alive:
            yield Shadowed(placed, tuple(sorted(covers[placed.span])))


def redundant(context: Context) -> Iterator[Placed]:
    """The root file's rules without which each request of each cell is decided alike."""
    needed: set[Span] = set()
    seen: set[Span] = set()
    for stack in context.memo(_stacks):
        for rule in stack.candidates():
            if stack.opens_final(rule):
                needed.add(stack.spans[rule])
            if not stack.decides_something(rule):
                continue  # in this cell it is shadowed, which is said elsewhere
            seen.add(stack.spans[rule])
            if stack.spans[rule] not in needed and stack.changes_something(rule):
                needed.add(stack.spans[rule])
    for placed in context.own(t.Rule) if seen - needed else ():
        if placed.span in seen and placed.span not in needed:
            yield placed


def _seemingly_idle(context: Context) -> set[int]:
    """The root file's rules without a row in the folded result: the only ones that can be idle.

    A row about no more ports than its cell listens on does not count: `listen` may take them.
    """
    ir, lowered, main = context.ir, context.program.lowered, context.main.source.name
    rules = {rule for rule in context.applied if lowered.spans[rule].file == main}
    idle = set(rules)
    seen: set[tuple[int, int]] = set()
    # Those to look at come first: few rules of theirs are left for the others.
    for cell in (*(pair.enforced for pair in context.cells), *ir.cells):
        if not idle:
            break
        idle.difference_update([verdict.rule for verdict in cell.owned])
        key = cell.class_, sum([_width(verdict) for verdict in cell.owned])
        if key not in seen:
            seen.add(key)
            widths = _widths(ir.classes[cell.class_].verdicts)
            idle.difference_update([rule for rule, width in widths.items() if width > key[1]])
    decided = {lowered.spans[rule] for rule in rules - idle} if idle else set()
    return {rule for rule in idle if lowered.spans[rule] not in decided}


def _widths(verdicts: Iterable[Verdict]) -> dict[int, int]:
    """The widest row of each rule."""
    widths: dict[int, int] = {}
    for verdict in verdicts:
        widths[verdict.rule] = max(_width(verdict), widths.get(verdict.rule, 0))
    return widths


def _width(verdict: Verdict) -> int:
    """How many ports a row is about; more than there are for one without ports."""
    ports = verdict.requests.ports
    return 1 << 16 if ports is None else sum(high - low + 1 for low, high in ports)


def _stacks(context: Context) -> list[_Stack]:
    """The layers of all cells, of those with equal ones once."""
    ir = context.ir
    words = words_of_rules(ir.rules)
    layout = Layout(catalogue(ir), ir.action_sets, words)
    universe = Universe(cell.name for cell in ir.cells)
    stacks: dict[object, _Stack] = {}
    for cell in ir.cells:
        layers = tuple(ir.layers[layer].rules for layer in cell.layers)
        flat = [index for layer in layers for index in layer]
        named = any(
            cell.name in to.members for index in flat if (to := ir.rules[index].requests.to)
        )
        key = layers, cell.name if named else None
        if key not in stacks and len(flat) <= MAX_RULES:
            stacks[key] = _Stack(context, cell.name, layout, universe, layers)
    return list(stacks.values())


class _Stack:
    """The rules of one cell, layer by layer, as sets of requests."""

    def __init__(
        self,
        context: Context,
        cell: str,
        layout: Layout,
        universe: Universe,
        layers: tuple[tuple[int, ...], ...],
    ) -> None:
        self._layers = layers
        self._rules = context.ir.rules
        self._own_file = context.main.source.name
        self._made_in = (layout, universe, cell)
        self.spans = context.program.spans

    @cached_property
    def _space(self) -> Space:
        rules = self._rules
        return Space(*self._made_in, [rules[i].requests for layer in self._layers for i in layer])

    @cached_property
    def _masks(self) -> dict[int, int]:
        space, rules = self._space, self._rules
        return {i: space.mask(rules[i].requests) for layer in self._layers for i in layer}

    def has_any(self, rules: set[int]) -> bool:
        """Whether some of its rules are among these."""
        return any(not rules.isdisjoint(layer) for layer in self._layers)

    def candidates(self) -> Iterator[int]:
        """The root file's rules that might be dropped: not `final`, not `listen`, not double."""
        for layer in self._layers:
            own = [i for i in layer if self.spans[i].file == self._own_file]
            if not own:
                continue
            often = Counter(self._masks[i] for i in layer if not self._rules[i].listen)
            for index in own:
                rule = self._rules[index]
                if not rule.final and not rule.listen and often[self._masks[index]] == 1:
                    yield index

    def opens_final(self, rule: int) -> bool:
        """Whether a later layer decides otherwise than a `final` rule without this narrower one."""
        mask, depth = self._masks[rule], self._depths[rule]
        held = {
            self._rules[other].effect
            for other in self._layers[depth]
            if self._rules[other].final and self._is_narrower(rule, other)
        }
        return bool(held) and any(
            self._masks[other] & mask and {self._rules[other].effect} != held
            for layer in self._layers[depth + 1 :]
            for other in layer
        )

    def cover(self, rule: int) -> list[int] | None:
        """Few rules that beat a rule wherever it matches, or None if no rules do."""
        mask = self._masks[rule]
        depth = self._depths[rule]
        beating = [
            other
            for n, layer in enumerate(self._layers[depth:])
            for other in layer
            if not self._rules[other].listen
            and self._masks[other] & mask
            and (n > 0 or self._is_narrower(other, rule))
        ]
        chosen: list[int] = []
        left = mask
        while left:
            best = max(beating, key=lambda o: (self._masks[o] & left).bit_count(), default=None)
            if best is None or not self._masks[best] & left:
                return None
            chosen.append(best)
            left &= ~self._masks[best]
        return self._needed(chosen, mask)

    def _needed(self, chosen: list[int], mask: int) -> list[int]:
        """Those of some rules without which they would not cover a set."""
        kept = list(chosen)
        for other in chosen:
            union = 0
            for rest in kept:
                union |= self._masks[rest] if rest != other else 0
            if not mask & ~union:
                kept.remove(other)
        return kept

    def decides_something(self, rule: int) -> bool:
        """Whether some request is decided by a rule."""
        return self._won.get(rule, 0) != 0

    def changes_something(self, rule: int) -> bool:
        """Whether some request would be decided otherwise without a rule."""
        won = self._won.get(rule, 0)
        depth = self._depths[rule]
        below = self._below[depth]
        effect = self._rules[rule].effect
        if not won & self._contested[depth]:
            return bool(won & ~below[effect])
        decided: _Decided = {"deny": 0, "allow": 0, "grant": 0}
        others = [o for o in self._layers[depth] if o != rule and not self._rules[o].listen]
        for other in others:
            bits = self._masks[other] & won
            for smaller in others:
                if bits and self._is_narrower(smaller, other):
                    bits &= ~self._masks[smaller]
            decided[self._rules[other].effect] |= bits
        if _overlap(decided):
            return True
        known = decided["deny"] | decided["allow"] | decided["grant"]
        same = decided[effect] | (below[effect] & ~known)
        return bool(won & ~same)

    @cached_property
    def _contested(self) -> list[int]:
        """By layer: the requests that more than one of its rules match, `listen` aside."""
        return [
            contested(self._masks[rule] for rule in layer if not self._rules[rule].listen)
            for layer in self._layers
        ]

    @cached_property
    def _depths(self) -> dict[int, int]:
        """The layer of each rule: the first, if a rule stands in several."""
        layers = [*enumerate(self._layers)]
        return {rule: n for n, layer in reversed(layers) for rule in layer}

    def _is_narrower(self, rule: int, other: int) -> bool:
        mask, wider = self._masks[rule], self._masks[other]
        return mask != wider and not mask & ~wider

    @cached_property
    def _won(self) -> dict[int, int]:
        """What each rule decides."""
        regions = fold(self._space, self._rules, self._layers).listening
        return {region.rule: region.bits for region in regions}

    @cached_property
    def _below(self) -> list[_Decided]:
        """For each layer, what is decided by its `listen` and the layers before it."""
        listens = [tuple(i for i in layer if self._rules[i].listen) for layer in self._layers]
        return [self._decided((*self._layers[:n], own)) for n, own in enumerate(listens)]

    def _decided(self, layers: tuple[tuple[int, ...], ...]) -> _Decided:
        """What some layers decide, and the defaults for the rest (point 5 of the language)."""
        decided: _Decided = {"deny": 0, "allow": 0, "grant": 0}
        for region in fold(self._space, self._rules, layers).listening:
            decided[region.effect] |= region.bits
        rest = ~(decided["deny"] | decided["allow"] | decided["grant"])
        decided["deny"] |= self._crossing & rest
        decided["allow"] |= ~self._crossing & rest
        return decided

    @cached_property
    def _crossing(self) -> int:
        """The requests that cross the cell's border: all targets but the first, its own."""
        space = self._space
        bits = 0
        for index, leaf in enumerate(space.layout.blocks):
            if leaf.dimension == "target":
                others = (1 << space.sizes[index]) - 2
                bits |= others << space.offsets[index]
        return bits


def _overlap(decided: _Decided) -> bool:
    deny, allow, grant = decided["deny"], decided["allow"], decided["grant"]
    return bool(deny & allow or deny & grant or allow & grant)
