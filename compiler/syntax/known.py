"""Statements that are like ones read before, recognised without the parser's tables.

A statement ends at its own `;` or `}`, and what it is does not depend on what stands
around it.  So a text that was read as a statement once is that statement wherever it
stands again: it shares the node, and only says how far it lies from the first one.

What is not the same but alike, because it differs in names, numbers and strings only, has
the same tree with other leaves.  When a shape comes again, its tree is turned into a
function that makes such a tree from the pieces of a text.  The parser alone decides what is
a statement: nothing is recognised that it has not accepted first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

from compiler.pattern import pattern
from compiler.source import Span
from compiler.syntax import tree as t
from compiler.syntax.lexer import Lexis

#: The rule of the grammar that statements in files, profiles, templates and cells are.
STATEMENT = "statement"

_STRING = r'"(?:[^"\\\n]|\\[^\n])*+"'
#: What may be one statement: no annotations, no comments, and no blocks in its block.  Blocks
#: of other statements may be long, and never come again as they are.
_CANDIDATE = pattern(
    r"[ \t\r\n]*+((?!(?:cell|host|template|test|when)\b)"
    rf'[a-z](?:[^;{{}}"#@]|{_STRING}|\{{[^;{{}}"#@]*+\}})*+'
    rf'(?:;|\{{(?:[^{{}}"#@]|{_STRING})*+\}}))'
)
#: The statements with such blocks, and profiles, which begin like `profile NAME;`: no two of
#: a policy are the same.
_UNIQUE = frozenset((t.When, t.Profile, t.Template, t.Cell, t.Host, t.Test))
#: A shape is worth a function when it comes for this time.
_OFTEN = 3

_Make = Callable[[list[str], list[int], str], t.Plain]
"""Makes a node of the pieces of its text, their offsets, and the name of the file."""


class Known:
    """The statements of one file so far."""

    def __init__(self, lexis: Lexis, file: str) -> None:
        self._file = file
        self._terminals = lexis.words
        self._kinds = _Kinds(lexis)
        self._pieces = re.compile(re.sub(r"\(\?P<\w+>", "(?:", lexis.pattern)).findall
        self._nodes: dict[str, tuple[str, t.Plain]] = {}
        """By text: the first terminal and the node, whose spans are those of the first."""
        self._shapes: dict[tuple[str, ...], int | _Make | None] = {}
        """A function, how often the shape was seen before, or None if there can be none."""
        self._candidates: dict[int, str] = {}
        """Texts that may be one statement, by where they start."""

    def read(
        self, text: str, offset: int, row: Mapping[str, int], into: list[t.Statement] | None
    ) -> tuple[str, t.Statement | None, int]:
        """Adds statements to `into` as long as they are known and `row` shifts what they begin
        with; where the text goes on then, and the statement there with its first terminal if it
        is known too.

        The parser may tell what a statement is that was not known by `learn`.
        """
        match, nodes, file = _CANDIDATE.match, self._nodes, self._file
        while (found := match(text, offset)) is not None:
            words = found[1]
            end = found.end()
            start = end - len(words)
            known = nodes.get(words)
            if known is None:
                known = self._alike(words, start)
                if known is None:
                    self._candidates[start] = words
                    break
                nodes[words] = known
            kind, node = known
            statement = t.Statement(node, (), Span(file, start, end))
            if into is None or row.get(kind, -1) < 0:
                return kind, statement, offset
            into.append(statement)
            offset = end
        return "", None, offset

    def _alike(self, words: str, start: int) -> tuple[str, t.Plain] | None:
        pieces = self._pieces(words)
        make = self._shapes.get(tuple(map(self._kinds.__getitem__, pieces)))
        if make is None or isinstance(make, int):
            return None
        offsets = list(accumulate(map(len, pieces), initial=start))
        return self._terminals[pieces[0]], make(pieces, offsets, self._file)

    def learn(self, statement: t.Statement) -> None:
        """Takes what the parser has read where `read` did not know the statement."""
        _, start, end = statement.span
        words = self._candidates.pop(start, "")
        if len(words) != end - start or statement.annotations or statement.kind in _UNIQUE:
            return
        pieces = self._pieces(words)
        self._nodes[words] = self._terminals[pieces[0]], statement.node
        shape = tuple(map(self._kinds.__getitem__, pieces))
        seen = self._shapes.get(shape, 0)
        if isinstance(seen, int):
            seen += 1
            self._shapes[shape] = seen if seen < _OFTEN else self._function(pieces, statement)

    def _function(self, pieces: list[str], statement: t.Statement) -> _Make | None:
        offsets = list(accumulate(map(len, pieces), initial=statement.span.start))
        variable = [self._kinds[piece] != piece for piece in pieces]
        try:
            source = _Source(pieces, offsets, variable).of(statement.node)
        except _DerivedError:
            return None
        names = {name: getattr(t, name) for name in dir(t) if name[0].isupper()}
        make: _Make = eval(f"lambda p, o, f: {source}", {**names, "Span": Span})
        return make if make(pieces, offsets, self._file) == statement.node else None


class _Kinds(dict[str, str]):
    """What kind of piece of a text something is; keywords and marks are their own kind."""

    def __init__(self, lexis: Lexis) -> None:
        self._fixed = {*lexis.words, *lexis.marks}

    def __missing__(self, piece: str) -> str:
        kind = self[piece] = self._kind(piece)
        return kind

    def _kind(self, piece: str) -> str:
        if piece in self._fixed:
            return piece
        first = piece[0]
        if first in ' \t\r\n"@':
            return " " if first != '"' else first
        if first.isdecimal() or first == "-":
            return "0"
        return ("." if "." in piece else "") + ("*" if "*" in piece else "") + "name"


class _DerivedError(Exception):
    """A part of a tree is not a piece of the text as it stands."""


class _Source:
    """Trees as Python expressions over pieces `p`, their offsets `o` and the file `f`."""

    def __init__(self, pieces: list[str], offsets: list[int], variable: list[bool]) -> None:
        self._pieces = pieces
        self._variable = {p for p, v in zip(pieces, variable, strict=True) if v}
        self._at = {offset: i for i, offset in enumerate(offsets)}

    def of(self, value: Any) -> str:
        """The expression that makes a node, or a part of one."""
        match value:
            case Span():
                return f"Span(f, o[{self._at[value.start]}], o[{self._at[value.end]}])"
            case tuple():
                return f"({''.join(self.of(item) + ', ' for item in value)})"
            case t.Text() | t.Number():
                return f"{type(value).__name__}({self._piece(value.raw, value.span)})"
            case t.Name():
                return f"Name({self._piece(value.text, value.span)})"
            case t.Action():
                (pattern, *more) = value.patterns
                if more:
                    raise _DerivedError
                return f"Action(({self._text(pattern, value.span)},), {self.of(value.span)})"
            case t.Statement():
                return f"Statement({self.of(value.node)}, {self.of(value.annotations)})"
            case str() if value in self._variable:
                raise _DerivedError
            case str() | bool() | None:
                return repr(value)
        fields = (self.of(getattr(value, name)) for name in value.__slots__)
        return f"{type(value).__name__}({', '.join(fields)})"

    def _piece(self, text: str, span: Span) -> str:
        return f"{self._text(text, span)}, {self.of(span)}"

    def _text(self, text: str, span: Span) -> str:
        """A text that is the one piece at its place."""
        index = self._at[span.start]
        if self._pieces[index] != text or self._at[span.end] != index + 1:
            raise _DerivedError
        return f"p[{index}]"
