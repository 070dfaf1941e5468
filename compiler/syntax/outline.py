"""Groups the tokens of a file into statements, blocks and lists; loses none and no comment."""

from __future__ import annotations

from collections.abc import Sequence

from compiler.record import record
from compiler.syntax.token import Token

#: Terminals that begin a statement with a block of statements.
_BLOCKS = frozenset(
    ("CELL", "HOST", "LIMITS", "PROFILE", "SERVICE", "TEMPLATE", "TEST", "WHEN")
)  # fmt: skip
#: Terminals that begin a statement whose list has blanks inside its braces.
_AIRY = frozenset(("DEVICES", "GROUP"))
_CLOSING = {"{": "}", ".{": "}", "(": ")"}
_TAB = 8


def width(text: str) -> int:
    """Columns that `text` takes from the start of a line."""
    return len(text.expandtabs(_TAB))


@record
class Comment:
    """`breaks` counts the line ends before it: 0 for one that trails other text."""

    text: str
    breaks: int
    line: int
    column: int


@record
class List:
    """Items in braces or parentheses; `padding` stands inside them on one line."""

    open: Token
    parts: tuple[Part, ...]
    close: Token
    padding: str


Part = Token | List | Comment


@record
class Annotation:
    """`@name value`, comments between them included; `line` is where it starts."""

    parts: tuple[Part, ...]
    line: int


@record
class Block:
    """What stands between the braces of a statement; `single` if it was written on one line."""

    items: tuple[Item, ...]
    single: bool


@record
class Statement:
    """A statement: its annotations, and its parts up to its `;` or the `{` of its block."""

    annotations: tuple[Annotation | Comment, ...]
    head: tuple[Part, ...]
    block: Block | None
    breaks: int
    """Line ends before it."""


Item = Statement | Comment


def outline(text: str, tokens: Sequence[Token]) -> tuple[Item, ...]:
    """The items of a file from the tokens that the parser accepted, comments among them."""
    return _Reader(text, tokens).items()


class _Reader:
    """Reads tokens from left to right; relies on the parser for their order."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0

    def items(self) -> tuple[Item, ...]:
        items: list[Item] = []
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token == "}":
                break
            items.append(self._comment() if token.type == "COMMENT" else self._statement())
        return tuple(items)

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _breaks(self) -> int:
        """Line ends before the next token; the first token starts a line."""
        if self._next == 0:
            return 1
        lines = self._tokens[self._next].line or 0, self._tokens[self._next - 1].line or 0
        return lines[0] - lines[1]

    def _comment(self) -> Comment:
        breaks = self._breaks()
        token = self._take()
        start = token.start_pos or 0
        before = self._text[self._text.rfind("\n", 0, start) + 1 : start]
        return Comment(token.rstrip(), breaks, token.line or 0, width(before))

    def _statement(self) -> Statement:
        breaks = self._breaks()
        annotations = self._annotations()
        kind = self._tokens[self._next].type
        padding = " " if kind in _AIRY else ""
        head: list[Part] = []
        while True:
            part = self._part(padding, kind not in _BLOCKS)
            head.append(part)
            if part == "{":
                return Statement(annotations, tuple(head), self._block(), breaks)
            if part == ";" or (kind == "DEVICES" and isinstance(part, List)):
                return Statement(annotations, tuple(head), None, breaks)

    def _annotations(self) -> tuple[Annotation | Comment, ...]:
        found: list[Annotation | Comment] = []
        while True:
            kind = self._tokens[self._next].type
            if kind == "COMMENT":
                found.append(self._comment())
            elif kind == "ANNOTATION":
                found.append(self._annotation())
            else:
                return tuple(found)

    def _annotation(self) -> Annotation:
        name = self._take()
        parts: list[Part] = [name]
        while self._tokens[self._next].type == "COMMENT":
            parts.append(self._comment())
        parts.append(self._take())
        return Annotation(tuple(parts), name.line or 0)

    def _part(self, padding: str, braces: bool) -> Part:
        """A comment, a list, or else one token; `braces` if a `{` opens a list here."""
        token = self._tokens[self._next]
        if token.type == "COMMENT":
            return self._comment()
        self._next += 1
        if token in _CLOSING and (braces or token == "("):
            return self._list(token, padding)
        return token

    def _list(self, opening: Token, padding: str) -> List:
        parts: list[Part] = []
        while self._tokens[self._next] != _CLOSING[opening]:
            parts.append(self._part(padding, True))
        return List(opening, tuple(parts), self._take(), padding)

    def _block(self) -> Block:
        opening = self._tokens[self._next - 1]
        items = self.items()
        closing = self._take()
        return Block(items, closing.line == opening.line or not items)
