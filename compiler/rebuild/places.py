"""Where rules stand in a policy of which cells are left out."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar, overload

from compiler.lowering.lower import Lowered, by_place
from compiler.rebuild.change import Change
from compiler.rebuild.kept import Kept
from compiler.rebuild.link import Linked
from compiler.source import Span

_Item = TypeVar("_Item")


class Relowered(Lowered):
    """A linked IR.  The places of rules of cells that are left out are found when asked for."""

    def __init__(self, linked: Linked, part: Lowered, before: Kept, change: Change) -> None:
        """`part` is what was compiled anew."""
        count = len(linked.ir.rules)
        spans = _Later(count, lambda index: self._place(index)[0])
        scopes = _Later(count, lambda index: self._place(index)[1])
        super().__init__(linked.ir, spans, scopes, before.contested)
        self._linked = linked
        self._part = part
        self._before = before
        self._change = change
        self._shared = {
            number: (change.moved(rule.span), rule.scope)
            for rule in before.rules
            for number in rule.numbers
        }
        """By index in the old IR: of rules that stand in no cell."""

    @cached_property
    def standing(self) -> Mapping[Span, tuple[int, ...]]:
        """Of rules that stand in what was compiled anew."""
        old, shared = self._linked.old, self._shared
        return by_place(
            (index, self.spans[index])
            for index, (ir, number) in enumerate(self._linked.origins)
            if ir is not old or number in shared
        )

    def _place(self, index: int) -> tuple[Span, str]:
        ir, number = self._linked.origins[index]
        if ir is not self._linked.old:
            return self._part.spans[number], self._part.scopes[number]
        return self._shared.get(number) or self._of_cell(number)

    def _of_cell(self, number: int) -> tuple[Span, str]:
        """The place of a rule that stands in a cell, by its index in the old IR."""
        rules, name = self._own[bisect.bisect(self._own, number, key=lambda own: own[0][0]) - 1]
        kept = self._before.cells[name]
        first, last = kept.places.rules[rules.index(number)]
        start = self._change.moved(kept.span).start
        return Span(kept.file, start + first, start + last), f"cell {name}"

    @cached_property
    def _own(self) -> list[tuple[tuple[int, ...], str]]:
        """The old indices of the cells' own rules, which follow each other, and whose they are."""
        old = self._linked.old
        own = [(old.layers[cell.layers[-1]].rules, cell.name) for cell in old.cells]
        return sorted(pair for pair in own if pair[0])


class _Later(Sequence[_Item]):
    """Items that are made when they are asked for."""

    def __init__(self, count: int, item: Callable[[int], _Item]) -> None:
        self._count = count
        self._item = item

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: Any) -> Any:
        numbers = range(self._count)[index]
        return self._item(numbers) if isinstance(numbers, int) else list(map(self._item, numbers))
