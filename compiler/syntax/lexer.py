"""Text to tokens: one regular expression, and the parser's state to tell keywords from names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from compiler.record import NamedTuple

#: Terminals a plain word may be, the first that the parser accepts here wins.
_PLAIN_WORD = ("NAME", "GLOB", "DOTTED")
#: What is skipped begins with this if it is a comment.
COMMENT_MARK = "#"


class Lexis(NamedTuple):
    """The terminals of grammar/lexical.lark, and the words and marks of the other chapters."""

    pattern: str
    """A regular expression whose groups are SKIP, WORD, MARK and the terminals."""
    words: Mapping[str, str]
    """The terminal of each keyword."""
    marks: Mapping[str, str]
    """The terminal of each mark such as `;`."""


class Lexer:
    """Finds tokens.

    A word becomes a keyword only where the parser accepts that keyword, else the first of
    NAME, GLOB and DOTTED that it accepts; so the grammar alone decides what a name may be.
    """

    def __init__(self, lexis: Lexis) -> None:
        self._words = lexis.words
        self.marks = lexis.marks
        self.match = re.compile(lexis.pattern).match

    def word(self, value: str, takes: Callable[[Any, str], bool], state: Any) -> str:
        """The terminal of a word, by what the parser would take in this state."""
        keyword = self._words.get(value)
        if keyword is not None and takes(state, keyword):
            return keyword
        if "." in value:
            return "DOTTED"
        kinds = _PLAIN_WORD if "*" not in value else _PLAIN_WORD[1:]
        for kind in kinds:
            if takes(state, kind):
                return kind
        return keyword or kinds[0]
