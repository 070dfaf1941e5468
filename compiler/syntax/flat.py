"""Statements and their parts on one line, and where lines may break."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from compiler.syntax.outline import Annotation, Comment, List, Part, Statement
from compiler.syntax.token import Token

#: Columns of a line; only what cannot be broken goes beyond, and comments do not count.
WIDTH = 88

#: A line may be broken after these, and after a list.
_VALUES = frozenset(("NAME", "GLOB", "DOTTED", "TAIL", "NUMERAL", "STRING", "TCP", "UDP"))
#: What begins with one of these clings to what stands before it.
_CLINGING = ".,;:("

MayBreak = Callable[[Part, Part], bool]


def edge(part: Part) -> str:
    """The token that a part begins with."""
    assert not isinstance(part, Comment)
    return part.open if isinstance(part, List) else part


def space(before: Part, part: Part) -> str:
    return "" if edge(part)[0] in _CLINGING or before == ".." else " "


def one_line(parts: Sequence[Part]) -> str | None:
    """The parts on one line, or None for a comment among them or what never fits a line."""
    if len(parts) > WIDTH:
        return None
    words: list[str] = []
    before: Part | None = None
    for part in parts:
        if isinstance(part, Comment):
            return None
        if before is not None:
            words.append(space(before, part))
        if isinstance(part, List):
            inside = one_line(part.parts)
            if inside is None:
                return None
            padding = part.padding if inside else ""
            words += (part.open, padding, inside, padding, part.close)
        else:
            words.append(part)
        before = part
    return "".join(words)


def one_line_statement(statement: Statement) -> str | None:
    """A statement with its block on one line, or None where that is not its format."""
    head = one_line(statement.head)
    block = statement.block
    if head is None or block is None:
        return head
    if not block.single or len(block.items) > WIDTH:
        return None
    words = [head]
    for item in block.items:
        # A comment ends its line: none stands in a block on one line.
        assert isinstance(item, Statement)
        flat = None if item.annotations else one_line_statement(item)
        if flat is None:
            return None
        words.append(flat)
    words.append("}")
    return (" " if block.items else "").join(words)


def one_line_annotations(annotations: Sequence[Annotation | Comment]) -> str | None:
    """Annotations that were written on one line, or None."""
    words = []
    for annotation in annotations:
        flat = None if isinstance(annotation, Comment) else one_line(annotation.parts)
        if flat is None or annotation.line != annotations[0].line:
            return None
        words.append(flat)
    return " ".join(words)


# Where long lines break


def _is_value(part: Part) -> bool:
    return isinstance(part, List) or (isinstance(part, Token) and part.type in _VALUES)


def in_statement(before: Part, part: Part) -> bool:
    """Not between a keyword and its value, and not before a brace."""
    start = edge(part)
    if start == "port" and before in ("tcp", "udp"):
        return False
    return start[0] not in _CLINGING and start[0] not in "={" and _is_value(before)


def in_list(before: Part, part: Part) -> bool:
    """After a comma, and between the words of `devices`."""
    return before == "," or (_is_value(before) and _is_value(part))


def parted(before: Part, part: Part) -> bool:
    """Whether two parts of a list were written on different lines."""
    end = before.close if isinstance(before, List) else before
    start = part.open if isinstance(part, List) else part
    return start.line != end.line


def clinging(parts: Sequence[Part], first: int, may_break: MayBreak, whole: bool) -> float:
    """Columns of what stays on the line of the part before parts[first].

    With `whole` lists count to their end, and infinitely if they need more lines; else
    only to the opening of the first.
    """
    columns: float = 0
    for n in range(first, len(parts)):
        part = parts[n]
        if isinstance(part, Comment) or may_break(parts[n - 1], part):
            break
        columns += len(space(parts[n - 1], part)) + extent(part, whole)
        if isinstance(part, List) and not whole:
            break
    return columns


def extent(part: Part, whole: bool) -> float:
    """Columns of a part, or with `whole` unset of what it begins with."""
    if not (whole and isinstance(part, List)):
        return len(edge(part))
    flat = one_line([part])
    return math.inf if flat is None else len(flat)
