"""The one canonical format of `.cell` text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from compiler.diagnostics import Diagnostics
from compiler.record import NamedTuple
from compiler.source import Source
from compiler.syntax.flat import (
    WIDTH,
    MayBreak,
    clinging,
    edge,
    extent,
    in_list,
    in_statement,
    one_line,
    one_line_annotations,
    one_line_statement,
    parted,
    space,
)
from compiler.syntax.outline import Annotation, Comment, Item, List, Part, Statement, outline, width
from compiler.syntax.parse import parse_tokens

INDENT = 4


def format_source(source: Source, found: Diagnostics) -> str | None:
    """The canonical format of a file, or None and diagnostics if it does not parse.

    Tokens, comments and their order stay; only the space between them changes, and
    trailing space of comments.
    """
    tokens = parse_tokens(source, found)
    if tokens is None:
        return None
    printer = _Printer()
    printer.items(outline(source.text, tokens), 0)
    return printer.text()


class _Trailing(NamedTuple):
    """A comment at the end of an output line; `paragraph` counts the blank lines above."""

    line: int
    paragraph: int
    comment: Comment


class _Printer:
    """Writes lines from top to bottom."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._trailing: list[_Trailing] = []
        self._paragraph = 0
        self._opened = 0
        """How many lines there were after the last that opened a block or list."""
        self._row = ""
        """The line being filled; empty when the next part starts one."""

    def text(self) -> str:
        """All lines, the comments that were aligned aligned."""
        lines = self._lines
        for _, run in groupby(self._trailing, lambda t: (t.paragraph, t.comment.column)):
            group = list(run)
            column = max(width(lines[t.line]) for t in group) + 2
            for t in group:
                lines[t.line] += " " * (column - width(lines[t.line])) + t.comment.text
        return "".join(line + "\n" for line in lines)

    def items(self, items: Iterable[Item], indent: int) -> None:
        for item in items:
            if isinstance(item, Comment):
                self._comment(item, indent)
            else:
                self._statement(item, indent)

    def _statement(self, statement: Statement, indent: int) -> None:
        self._blank(statement.breaks)
        if statement.annotations:
            self._annotations(statement.annotations, indent)
        if self._fits(one_line_statement(statement), indent):
            return
        self._parts(statement.head, indent)
        if statement.block is not None:
            self._opened = len(self._lines)
            self.items(statement.block.items, indent + INDENT)
            self._lines.append(" " * indent + "}")

    def _annotations(self, annotations: Sequence[Annotation | Comment], indent: int) -> None:
        if self._fits(one_line_annotations(annotations), indent):
            return
        for annotation in annotations:
            if isinstance(annotation, Comment):
                self._comment(annotation, indent)
            else:
                self._parts(annotation.parts, indent)

    def _fits(self, flat: str | None, indent: int) -> bool:
        """Writes what can be one line, if it can."""
        if flat is None or indent + len(flat) > WIDTH:
            return False
        self._lines.append(" " * indent + flat)
        return True

    def _parts(self, parts: Sequence[Part], indent: int) -> None:
        """Writes parts of which the first is a word; broken lines go on at one more indent."""
        if self._fits(one_line(parts), indent):
            return
        self._row = " " * indent + edge(parts[0])
        self._fill(parts, 1, indent + INDENT, in_statement)
        self._flush()

    def _fill(self, parts: Sequence[Part], first: int, indent: int, may_break: MayBreak) -> None:
        """Writes parts from `first` on to the row, and to new rows at `indent` as needed.

        A list with comments keeps its lines, so that these stay with what they are about.
        """
        keep = may_break is in_list and any(isinstance(p, Comment) for p in parts)
        for n in range(first, len(parts)):
            part = parts[n]
            if isinstance(part, Comment):
                self._flush()
                self._comment(part, indent)
                continue
            if self._row:
                before = parts[n - 1]
                if may_break(before, part) and (
                    (keep and parted(before, part)) or self._full(parts, n, indent, may_break)
                ):
                    self._flush()
                else:
                    self._row += space(before, part)
            if not self._row:
                # The brace of a block stands below its statement when a comment parts them.
                self._row = " " * (indent - INDENT if part == "{" else indent)
            self._row += edge(part)
            if isinstance(part, List):
                self._list(part, clinging(parts, n + 1, may_break, False))

    def _full(self, parts: Sequence[Part], n: int, indent: int, may_break: MayBreak) -> bool:
        """Whether parts[n] and what clings to it had better go on a row of its own."""
        part = parts[n]
        room = WIDTH - len(self._row) - len(space(parts[n - 1], part))
        whole = extent(part, True) + clinging(parts, n + 1, may_break, True)
        if whole <= room:
            return False
        more = 0 if isinstance(part, List) else clinging(parts, n + 1, may_break, False)
        return whole <= WIDTH - indent or len(edge(part)) + more > room

    def _list(self, part: List, following: float) -> None:
        """Writes a list whose opening is on the row; `following` columns cling to its end."""
        flat = one_line([part])
        if flat is not None:
            row = self._row + flat.removeprefix(part.open)
            if len(row) + following <= WIDTH:
                self._row = row
                return
        indent = len(self._row) - len(self._row.lstrip(" "))
        self._flush()
        self._opened = len(self._lines)
        self._fill(part.parts, 0, indent + INDENT, in_list)
        self._flush()
        self._row = " " * indent + part.close

    def _flush(self) -> None:
        if self._row:
            self._lines.append(self._row)
            self._row = ""

    def _comment(self, comment: Comment, indent: int) -> None:
        if comment.breaks == 1 and self._goes_on(comment):
            self._lines.append("")
        elif comment.breaks:
            self._blank(comment.breaks)
            self._lines.append(" " * indent + comment.text)
            return
        self._trailing.append(_Trailing(len(self._lines) - 1, self._paragraph, comment))

    def _goes_on(self, comment: Comment) -> bool:
        """Whether a comment stands right below one that trails a line."""
        above = self._trailing[-1] if self._trailing else None
        return (
            above is not None
            and above.line == len(self._lines) - 1
            and above.comment.column == comment.column
        )

    def _blank(self, breaks: int) -> None:
        if breaks > 1 and len(self._lines) > self._opened:
            self._lines.append("")
            self._paragraph += 1
