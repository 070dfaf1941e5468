"""Edits applied to a text, and the statements they touch brought into the canonical format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from compiler.diagnostics import Diagnostics
from compiler.lint.rule import Edit
from compiler.source import Source, Span
from compiler.syntax import tree as t
from compiler.syntax.format import format_source
from compiler.syntax.parse import parse_policy


def overlapping(edits: Iterable[Edit], others: Iterable[Edit]) -> bool:
    """Whether some edit touches what another one changes."""
    return any(
        edit.span.file == other.span.file
        and edit.span.start <= other.span.end
        and other.span.start <= edit.span.end
        for edit in edits
        for other in others
    )


def edited(source: Source, edits: Iterable[Edit]) -> str | None:
    """The text with all edits, or None if it is no policy any more.

    A text in the canonical format stays in it; of others only the touched statements are
    laid out anew.  Edits must not overlap.
    """
    text, places = _edited(source.text, sorted(edits, key=lambda edit: edit.span))
    whole = format_source(Source(source.name, text), Diagnostics())
    if whole is None:
        return None
    if format_source(source, Diagnostics()) == source.text:
        return whole
    return _laid_out(source.name, text, whole, places)


def _edited(text: str, edits: Sequence[Edit]) -> tuple[str, list[int]]:
    """The text with edits in the order of their places, and where they are in it."""
    parts: list[str] = []
    places: list[int] = []
    done = size = 0
    for edit in edits:
        parts += [text[done : edit.span.start], edit.text]
        size += edit.span.start - done
        places.append(size)
        size += len(edit.text)
        done = edit.span.end
    return "".join([*parts, text[done:]]), places


def _laid_out(name: str, text: str, whole: str, places: Sequence[int]) -> str:
    """The text with the statements at some places written as in `whole`, its canonical format."""
    ours, theirs = _statements(name, text), _statements(name, whole)
    for span, canonical in reversed(list(zip(ours, theirs, strict=True))):
        if any(span.start < place < span.end for place in places):
            new = whole[canonical.start : canonical.end]
            text = text[: span.start] + new + text[span.end :]
    return text


def _statements(name: str, text: str) -> list[Span]:
    """The statements without a body of their own, in order."""
    return list(_leaves(parse_policy(Source(name, text), Diagnostics())))


def _leaves(statements: tuple[t.Statement, ...]) -> Iterator[Span]:
    for statement in statements:
        if hasattr(statement.node, "body"):
            yield from _leaves(statement.node.body)
        else:
            yield statement.span
