"""Conditions of `when target`, those that do not hold for the target included."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.names.release import holds
from compiler.source import Span
from compiler.syntax import tree as t


def guards(context: Context) -> Iterator[t.Guard]:
    """Every condition in the author's files."""
    for when in context.memo(_whens):
        yield when.guard


def is_guarded(context: Context, span: Span) -> bool:
    """Whether a place stands under a condition."""
    return any(
        when.span.file == span.file and when.span.start <= span.start < when.span.end
        for when in context.memo(_whens)
    )


def is_left_out(context: Context, span: Span) -> bool:
    """Whether a place stands under a condition that does not hold for the target."""
    return any(
        when.span.file == span.file
        and when.span.start <= span.start < when.span.end
        and not holds(when.guard, context.ir.target)
        for when in context.memo(_whens)
    )


def _whens(context: Context) -> list[t.When]:
    return [when for file in context.definitions.files for when in _below(file.statements)]


def _below(statements: tuple[t.Statement, ...]) -> Iterator[t.When]:
    for statement in statements:
        if statement.kind is t.When:
            assert isinstance(statement.node, t.When)
            yield statement.node
        yield from _below(statement.body)
