"""Where a span lies, for every span that a stage might hand over."""

from __future__ import annotations

from compiler.record import NamedTuple
from compiler.source import Source, Span


class Place(NamedTuple):
    """A span brought inside its source; lines and columns count characters from 1.

    `end`, `end_line` and `end_column` are those of the first character after it.
    """

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


def place(span: Span, source: Source) -> Place:
    """Where `span` lies in `source`; what reaches beyond the text ends at its end."""
    size = len(source.text)
    start = min(max(span.start, 0), size)
    end = min(max(span.end, start), size)
    return Place(start, end, *source.position(start), *source.position(end))
