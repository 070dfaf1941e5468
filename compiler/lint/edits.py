"""Edits that rules propose: statements and words taken out, comments left where they are."""

from __future__ import annotations

from compiler.lint.context import Context, Placed
from compiler.lint.ignores import TEXT_OR_COMMENT
from compiler.lint.rule import Edit
from compiler.source import Source, Span


def removal(context: Context, placed: Placed) -> tuple[Edit, ...]:
    """Takes a statement out, and its annotations.

    The lines it fills go with it; comments on them and above it stay.  A statement with a
    comment inside is left to people, but for a block: what is in it goes with it.
    """
    span = placed.span
    start = min([a.span.start for a in placed.statement.annotations] + [span.start])
    span = span._replace(start=start)
    source = context.sources[span.file]
    if not placed.statement.body and commented(source, span):
        return ()
    return (without(source, span),)


def commented(source: Source, span: Span) -> bool:
    """Whether a comment stands in some text."""
    inside = TEXT_OR_COMMENT.finditer(source.text, span.start, span.end)
    return any(found[0].startswith("#") for found in inside)


def without(source: Source, span: Span) -> Edit:
    """Takes some text out, and the line that would be left empty, else the blanks before it."""
    text = source.text
    start, end = span.start, span.end
    while start and text[start - 1] in " \t":
        start -= 1
    alone = start == 0 or text[start - 1] == "\n"
    after = end
    while after < len(text) and text[after] in " \t\r":
        after += 1
    if alone and after == len(text):
        end = after
    elif alone and text[after] == "\n":
        end = after + 1
    elif alone:
        start, end = span.start, after
    return Edit(span._replace(start=start, end=end), "")


def without_member(source: Source, members: list[Span], index: int) -> Edit:
    """Takes one of several members out of a list with commas between them, or blanks."""
    span = members[index]
    if index:
        start = members[index - 1].end
        return (
            Edit(span._replace(start=start), "")
            if _plain(source, start, span.start)
            else (without(source, span))
        )
    if len(members) > 1 and _plain(source, span.end, members[1].start):
        return Edit(span._replace(end=members[1].start), "")
    return without(source, span)


def _plain(source: Source, start: int, end: int) -> bool:
    """Whether no comment stands between two members."""
    return "#" not in source.text[start:end]
