"""What a pattern asks of each subject: one request for each class that its answers tell apart.

These are fewer than all classes of the policy, so that a pattern can be asked of every
cell of a large one: ports and targets are asked about once that neither the subject's
rules, nor the pattern, nor what cells listen on distinguish.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from compiler.analysis.patterns import conditions
from compiler.ir.ir import HOST, HOST_ROOT, IR, Ranges, Request, RequestSet
from compiler.ir.requests import catalogue, layer_sets, words_of
from compiler.lowering.layout import Layout
from compiler.lowering.space import Space, Universe, members
from compiler.model.policy import Meaning

_EVERY_PORT = ((0, 65535),)


class Classes:
    """Enumerates classes of requests for one policy."""

    def __init__(self, ir: IR) -> None:
        self._ir = ir
        self._leaves = catalogue(ir).by_name
        self._universe = Universe(cell.name for cell in ir.cells)
        self._layers = {cell.name: cell.layers for cell in ir.cells}
        words = words_of(rule.requests for rule in ir.rules)
        self._words = RequestSet(0, None, None, None, *map(tuple, words))

    def question(self, rule: Meaning) -> Question:
        """A pattern, to be asked of subjects."""
        wanted = dataclasses.replace(conditions(rule), actions=0)
        leaves = [self._leaves[name] for name in rule.actions if self._leaves[name].asked]
        words = words_of([self._words, wanted])
        layout = Layout(catalogue(self._ir), [tuple(leaf.name for leaf in leaves)], words)
        binds = any(leaf.dimension == "bind" for leaf in leaves)
        reserved = self._reserved(wanted.ports or _EVERY_PORT) if binds else ()
        return Question(self, layout, wanted, reserved)

    def space(self, layout: Layout, subject: str, asked: list[RequestSet]) -> Space:
        """What a subject's own rules, and some request sets, tell apart."""
        layers = [self._ir.layers[i] for i in self._layers.get(subject, ())]
        return Space(layout, self._universe, subject, [*asked, *layer_sets(self._ir, layers)])

    def _reserved(self, asked: Ranges) -> Ranges:
        """The ports that cells listen on, as far as they are asked about."""
        return tuple(
            (max(low, a), min(high, b))
            for reservation in self._ir.reservations
            for low, high in reservation.ports
            for a, b in asked
            if low <= b and a <= high
        )


class Question:
    """One pattern."""

    def __init__(
        self, classes: Classes, layout: Layout, wanted: RequestSet, reserved: Ranges
    ) -> None:
        self._classes = classes
        self._layout = layout
        self._wanted = wanted
        self._asked = [wanted, dataclasses.replace(wanted, ports=reserved)]

    def of(self, subject: str) -> Iterator[Request]:
        """The first request of each class that the kernel can ask of `subject`."""
        seen = HOST if subject == HOST_ROOT else subject
        space = self._classes.space(self._layout, seen, self._asked)
        for bit in members(space.mask(self._wanted)):
            yield space.witness(1 << bit)._replace(subject=subject)
