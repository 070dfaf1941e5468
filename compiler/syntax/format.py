"""The one canonical format of `.cell` text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from lark import Token

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax.outline import Annotation, Comment, Item, List, Part, Statement, outline, width
from compiler.syntax.parse import parse_tokens

#: Columns of a line; only what cannot be broken goes beyond, and comments do not count.
WIDTH = 88
INDENT = 4

#: A line may be broken after these, and after a list.
_VALUES = frozenset(("NAME", "GLOB", "DOTTED", "TAIL", "NUMERAL", "STRING", "TCP", "UDP"))
#: What begins with one of these clings to what stands before it.
_CLINGING = ".,;:("

_MayBreak = Callable[[Part, Part], bool]


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


# Text on one line


def _edge(part: Part) -> str:
    """The token that a part begins with."""
    assert not isinstance(part, Comment)
    return part.open if isinstance(part, List) else part


def _space(before: Part, part: Part) -> str:
    return "" if _edge(part)[0] in _CLINGING or before == ".." else " "


def _flat(parts: Sequence[Part]) -> str | None:
    """The parts on one line, or None for a comment among them or what never fits a line."""
    if len(parts) > WIDTH:
        return None
    words: list[str] = []
    before: Part | None = None
    for part in parts:
        if isinstance(part, Comment):
            return None
        if before is not None:
            words.append(_space(before, part))
        if isinstance(part, List):
            inside = _flat(part.parts)
            if inside is None:
                return None
            padding = part.padding if inside else ""
            words += (part.open, padding, inside, padding, part.close)
        else:
            words.append(part)
        before = part
    return "".join(words)


def _flat_statement(statement: Statement) -> str | None:
    """A statement with its block on one line, or None where that is not its format."""
    head = _flat(statement.head)
    block = statement.block
    if head is None or block is None:
        return head
    if not block.single or len(block.items) > WIDTH:
        return None
    words = [head]
    for item in block.items:
        # A comment ends its line: none stands in a block on one line.
        assert isinstance(item, Statement)
        flat = None if item.annotations else _flat_statement(item)
        if flat is None:
            return None
        words.append(flat)
    words.append("}")
    return (" " if block.items else "").join(words)


# Where long lines break


def _is_value(part: Part) -> bool:
    return isinstance(part, List) or (isinstance(part, Token) and part.type in _VALUES)


def _in_statement(before: Part, part: Part) -> bool:
    """Not between a keyword and its value, and not before a brace."""
    start = _edge(part)[0]
    return start not in _CLINGING and start not in "={" and _is_value(before)


def _in_list(before: Part, part: Part) -> bool:
    return before == "," or (_is_value(before) and _is_value(part))


def _parted(before: Part, part: Part) -> bool:
    """Whether two parts of a list were written on different lines."""
    end = before.close if isinstance(before, List) else before
    start = part.open if isinstance(part, List) else part
    return start.line != end.line


def _clinging(parts: Sequence[Part], first: int, may_break: _MayBreak) -> int:
    """Columns of what stays on the line of the part before parts[first]."""
    columns = 0
    for n in range(first, len(parts)):
        part = parts[n]
        if isinstance(part, Comment) or may_break(parts[n - 1], part):
            break
        columns += len(_space(parts[n - 1], part)) + len(_edge(part))
        if isinstance(part, List):
            break
    return columns


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
        flat = _flat_statement(statement)
        if flat is not None and indent + width(flat) <= WIDTH:
            self._lines.append(" " * indent + flat)
            return
        self._parts(statement.head, indent)
        if statement.block is not None:
            self._opened = len(self._lines)
            self.items(statement.block.items, indent + INDENT)
            self._lines.append(" " * indent + "}")

    def _annotations(self, annotations: Sequence[Annotation | Comment], indent: int) -> None:
        flat = _flat_annotations(annotations)
        if flat is not None and indent + width(flat) <= WIDTH:
            self._lines.append(" " * indent + flat)
            return
        for annotation in annotations:
            if isinstance(annotation, Comment):
                self._comment(annotation, indent)
            else:
                self._parts(annotation.parts, indent)

    def _parts(self, parts: Sequence[Part], indent: int) -> None:
        """Writes parts of which the first is a word; broken lines go on at one more indent."""
        flat = _flat(parts)
        if flat is not None and indent + width(flat) <= WIDTH:
            self._lines.append(" " * indent + flat)
            return
        self._row = " " * indent + _edge(parts[0])
        self._fill(parts, 1, indent + INDENT, _in_statement)
        self._flush()

    def _fill(self, parts: Sequence[Part], first: int, indent: int, may_break: _MayBreak) -> None:
        """Writes parts from `first` on to the row, and to new rows at `indent` as needed.

        A list with comments keeps its lines, so that these stay with what they are about.
        """
        keep = may_break is _in_list and any(isinstance(p, Comment) for p in parts)
        for n in range(first, len(parts)):
            part = parts[n]
            if isinstance(part, Comment):
                self._flush()
                self._comment(part, indent)
                continue
            if self._row:
                before = parts[n - 1]
                space = _space(before, part)
                if may_break(before, part) and (
                    (keep and _parted(before, part)) or self._full(space, parts, n, may_break)
                ):
                    self._flush()
                else:
                    self._row += space
            if not self._row:
                # The brace of a block stands below its statement when a comment parts them.
                self._row = " " * (indent - INDENT if part == "{" else indent)
            self._row += _edge(part)
            if isinstance(part, List):
                self._list(part, _clinging(parts, n + 1, may_break))

    def _full(self, space: str, parts: Sequence[Part], n: int, may_break: _MayBreak) -> bool:
        """Whether parts[n] and what clings to it do not fit on the row."""
        part = parts[n]
        more = 0 if isinstance(part, List) else _clinging(parts, n + 1, may_break)
        return width(self._row) + len(space) + len(_edge(part)) + more > WIDTH

    def _list(self, part: List, following: int) -> None:
        """Writes a list whose opening is on the row; `following` columns cling to its end."""
        flat = _flat(part.parts)
        if flat is not None:
            rest = f"{part.padding}{flat}{part.padding}{part.close}"
            if width(self._row + rest) + following <= WIDTH:
                self._row += rest
                return
        indent = len(self._row) - len(self._row.lstrip(" "))
        self._flush()
        self._opened = len(self._lines)
        self._fill(part.parts, 0, indent + INDENT, _in_list)
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


def _flat_annotations(annotations: Sequence[Annotation | Comment]) -> str | None:
    """Annotations that were written on one line, or None."""
    words = []
    for annotation in annotations:
        flat = None if isinstance(annotation, Comment) else _flat(annotation.parts)
        if flat is None or annotation.line != annotations[0].line:
            return None
        words.append(flat)
    return " ".join(words)
