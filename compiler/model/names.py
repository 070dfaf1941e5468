"""Which names stand in a part of the syntax tree."""

from __future__ import annotations

from collections.abc import KeysView

from compiler.source import Span
from compiler.syntax import tree as t


class Names:
    """The names in nodes, each node looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, frozenset[str]] = {}
        """By the identity of nodes: the tree outlives this."""

    def none_of(self, names: KeysView[str], node: t.Plain) -> bool:
        """Whether none of some names stands in a node, whatever it would mean there."""
        return not names or names.isdisjoint(self._of(node))

    def _of(self, node: t.Plain) -> frozenset[str]:
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = frozenset(_names(node))
        return known


def _names(part: object) -> set[str]:
    match part:
        case t.Name():
            return {part.text}
        case tuple() if not isinstance(part, Span):
            return {name for item in part for name in _names(item)}
        case str() | bool() | None | Span():
            return set()
    fields = type(part).__slots__  # type: ignore[attr-defined]  # records have them
    return {name for field in fields for name in _names(getattr(part, field))}
