"""Evaluates all `let` definitions, in the order of their use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compiler.diagnostics import Diagnostics, Related, arrows
from compiler.names.text import unquote
from compiler.names.values import Constant, Scope, Unknown
from compiler.syntax import tree as t


def evaluate_lets(lets: Mapping[str, t.Let], found: Diagnostics) -> dict[str, Constant]:
    """The value of every let; bad values and circles are reported and become Unknown."""
    values: dict[str, Constant] = {}
    scope = Scope(values, found, {})
    for name in _in_order(lets, found, values):
        let = lets[name]
        if isinstance(let.value, t.Text):
            unquote(let.value, found)
        values[name] = scope.close(let.value)
    return values


def _in_order(
    lets: Mapping[str, t.Let], found: Diagnostics, values: dict[str, Constant]
) -> Iterator[str]:
    """The names of lets, each after those it uses; those of a circle are left Unknown.

    Depth first without recursion, since lets may chain by the thousand.
    """
    open_: dict[str, None] = {}
    done: set[str] = set()
    for root in lets:
        stack = [] if root in done else [(root, _names(lets[root].value))]
        if stack:
            open_[root] = None
        while stack:
            name, used = stack[-1]
            next_ = next((n for n in used if n.text in lets and n.text not in done), None)
            if next_ is None:
                stack.pop()
                del open_[name]
                done.add(name)
                if name not in values:
                    yield name
            elif next_.text in open_:
                _circle(next_, list(open_), lets, found)
                values[name] = Unknown(next_.span)
            else:
                open_[next_.text] = None
                stack.append((next_.text, _names(lets[next_.text].value)))


def _circle(used: t.Name, open_: list[str], lets: Mapping[str, t.Let], found: Diagnostics) -> None:
    path = [*open_[open_.index(used.text) :], used.text]
    found.error(
        "E0226",
        f"`{used.text}` is defined by itself: {arrows(path)}",
        used.span,
        "give one of them a value of its own",
        [Related(lets[used.text].name.span, "defined here")],
    )


def _names(value: t.Value) -> Iterator[t.Name]:
    match value:
        case t.Name():
            yield value
        case t.Range():
            yield from (end for end in (value.low, value.high) if isinstance(end, t.Name))
        case t.Braces():
            for item in value.items:
                yield from _names(item)
