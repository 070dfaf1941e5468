"""Evaluates names, sets and numbers to plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.ir.ir import AUTO, Ranges
from compiler.names.text import unquote
from compiler.pattern import pattern
from compiler.record import record
from compiler.source import Span
from compiler.syntax import tree as t

MAX_PORT = 65535
_DASHED = pattern(r"([0-9]{1,5})-([0-9]{1,5})", re.ASCII)
_DECIMAL = pattern(r"0|[1-9][0-9]{0,18}", re.ASCII)


@record
class PortSet:
    """An evaluated set of ports: disjoint ranges in order, (0, 0) for `auto`."""

    ranges: Ranges
    span: Span


@record
class Unknown:
    """A value that is missing: its error was reported, or no one has given it yet.

    What depends on it evaluates to nothing, silently.
    """

    span: Span


Constant = t.Text | t.Number | t.Name | PortSet | Unknown
"""What a `let` or a template's argument stands for; a Name is that of a cell or group."""


def _value_of(node: t.Text | t.Number | t.Name, value: Span) -> list[Related]:
    return [] if node.span == value else [Related(value, "its value")]


@record
class Scope:
    """What names stand for here: the parameters of a template, then the lets."""

    lets: Mapping[str, Constant]
    found: Diagnostics
    parameters: Mapping[str, Constant]

    def constant(self, name: t.Name, quotes: bool = False) -> Constant | None:
        """What a name stands for, or None and a diagnostic; `quotes` if it may lack those."""
        known = self.parameters.get(name.text) or self.lets.get(name.text)
        if known is None:
            help = "define it with `let`"
            if quotes and len(name.text) < 64:
                help = f'write `"{name.text}"` if it is a text, or {help}'
            help = nearest(name.text, [*self.parameters, *self.lets]) or help
            message = f"no value is called {quoted(name.text)}"
            self.found.unknown("E0227", message, name.text, name.span, help)
        return known

    def close(self, value: t.Value) -> Constant:
        """A value freed of the names in it, so that it means the same everywhere."""
        match value:
            case t.Text() | t.Number():
                return value
            case t.Name() if value.text != "auto":
                return self.constant(value) or Unknown(value.span)
            case _:
                ranges = self.ports(value, auto=True)
                return Unknown(value.span) if ranges is None else PortSet(ranges, value.span)

    def text(self, node: t.Value) -> str | None:
        """The characters of a string, or a numeral as written; None after a diagnostic."""
        value = self.constant(node, quotes=True) if isinstance(node, t.Name) else node
        match value:
            case t.Text():
                return unquote(value, self.found)
            case t.Number():
                return value.raw
            case None | Unknown():
                return None
        what = quoted(node.text) if isinstance(node, t.Name) else "this"
        message = f"{what} stands for a set, and one text or number is needed here"
        self.found.error("E0305", message, node.span, 'give a value such as `"text"` or 80')
        return None

    def ports(self, node: t.Value, auto: bool) -> Ranges | None:
        """A set of ports as disjoint ranges in order; `auto` says whether that may be in it.

        None after a diagnostic, or when it depends on something unknown.
        """
        ranges: list[tuple[int, int]] = []
        if not self._collect(node, auto, ranges):
            return None
        if not ranges:
            self.found.error("E0306", "this set is empty", node.span, "put a port in it")
            return None
        return _joined(ranges)

    def _collect(self, node: t.Value, auto: bool, into: list[tuple[int, int]]) -> bool:
        """Adds the ranges of a value to `into`; false when there was something wrong."""
        match node:
            case t.Braces():
                good = [self._collect(item, auto, into) for item in node.items]
                return all(good)  # every item was looked at, for all errors at once
            case t.Range():
                return self._range(node, into)
            case t.Number():
                return self._port(node, node, into)
            case t.Name(text="auto"):
                return self._auto(node, node.span, auto, into)
            case t.Name():
                return self._named(node, auto, into)
            case t.Text():
                return self._not_a_port(node, node)

    def _named(self, node: t.Name, auto: bool, into: list[tuple[int, int]]) -> bool:
        """Adds what a name stands for; what is wrong with it is said where the name is used."""
        match value := self.constant(node):
            case t.Number():
                return self._port(node, value, into)
            case t.Text() | t.Name():
                return self._not_a_port(node, value)
            case PortSet():
                if value.ranges[0][0] == AUTO and not auto:
                    return self._auto(node, value.span, auto, into)
                into.extend(value.ranges)
                return True
            case _:
                return False

    def _not_a_port(self, node: t.Text | t.Name, value: t.Text | t.Name) -> bool:
        what = quoted(node.text) if isinstance(node, t.Name) else "a text"
        help = "ports are numbers, without quotes"
        self.found.error(
            "E0308", f"{what} is not a port", node.span, help, _value_of(node, value.span)
        )
        return False

    def _auto(self, node: t.Name, value: Span, allowed: bool, into: list[tuple[int, int]]) -> bool:
        if not allowed:
            help = "it stands for automatic port selection, and only in rules"
            related = _value_of(node, value)
            self.found.error("E0307", "`auto` is not a port", node.span, help, related)
        into.append((AUTO, AUTO))
        return allowed

    def _port(self, node: t.Number | t.Name, value: t.Number, into: list[tuple[int, int]]) -> bool:
        port = decimal(value.raw)
        if port is None or not 0 < port <= MAX_PORT:
            ends = _DASHED.fullmatch(value.raw)
            help = f"write the range {ends[1]}..{ends[2]}" if ends else f"ports are 1 to {MAX_PORT}"
            message, related = f"{quoted(value.raw)} is not a port", _value_of(node, value.span)
            self.found.error("E0309", message, node.span, help, related)
            return False
        into.append((port, port))
        return True

    def _range(self, node: t.Range, into: list[tuple[int, int]]) -> bool:
        ends: list[tuple[int, int]] = []
        good = [self._end(end, ends) for end in (node.low, node.high)]
        if not all(good):
            return False
        low, high = ends[0][0], ends[1][0]
        if low > high:
            self.found.error(
                "E0310", f"the range {low}..{high} is empty", node.span, f"write {high}..{low}"
            )
            return False
        into.append((low, high))
        return True

    def _end(self, end: t.Atom, into: list[tuple[int, int]]) -> bool:
        ranges: list[tuple[int, int]] = []
        if not self._collect(end, False, ranges):
            return False
        if len(ranges) != 1 or ranges[0][0] != ranges[0][1]:
            help = "name a single number"
            self.found.error("E0311", "the end of a range is a single port", end.span, help)
            return False
        into += ranges
        return True


def decimal(raw: str) -> int | None:
    """A whole number in decimal notation without superfluous zeros, or None."""
    return int(raw) if _DECIMAL.fullmatch(raw) else None


def _joined(ranges: list[tuple[int, int]]) -> Ranges:
    """Ranges in order, overlapping and adjacent ones joined (`auto` stays apart)."""
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1 and (result[-1][0] > AUTO or low == AUTO):
            result[-1] = (result[-1][0], max(result[-1][1], high))
        else:
            result.append((low, high))
    return tuple(result)
