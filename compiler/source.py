"""Source texts and places in them."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from functools import cached_property
from io import StringIO
from itertools import accumulate

from compiler.record import NamedTuple


class Span(NamedTuple):
    """Characters [start, end) of the source called `file`."""

    file: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.file, self.start, other.end)


class Source:
    """One text with a name as shown to people (a path relative to the policy root)."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0, *accumulate(map(len, StringIO(self.text, newline="\n")))]
        if len(starts) > 1 and not self.text.endswith("\n"):
            starts.pop()
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (counted from 1) without its end."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


class LaterSource(Source):
    """A source whose text is read when somebody wants it."""

    def __init__(self, name: str, read: Callable[[], str]) -> None:
        self.name = name
        self._read = read

    def __getattr__(self, attribute: str) -> str:
        if attribute != "text":
            raise AttributeError(attribute)
        self.text = self._read()
        return self.text
