"""Text to tokens: one regular expression, and the parser's state to tell keywords from names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lark import Token
from lark.common import LexerConf
from lark.exceptions import UnexpectedCharacters
from lark.lexer import Lexer, LexerState
from lark.parsers.lalr_analysis import Reduce, Shift

#: Terminals a plain word may be, the first that the parser accepts here wins.
_PLAIN_WORD = ("NAME", "GLOB", "DOTTED")
#: What is skipped begins with this if it is a comment.
COMMENT_MARK = "#"


class CellLexer(Lexer):
    """The lexer of grammar/lexical.lark.

    A word becomes a keyword only where the parser accepts that keyword, else the first of
    NAME, GLOB and DOTTED that it accepts; so the grammar alone decides what a name may be.
    """

    __future_interface__ = 1

    def __init__(self, conf: LexerConf) -> None:
        patterns = {t.name: t.pattern for t in conf.terminals}
        self._words = {
            p.value: name
            for name, p in patterns.items()
            if p.type == "str" and p.value[0].isalpha()
        }
        self.marks = {
            p.value: name
            for name, p in patterns.items()
            if p.type == "str" and not p.value[0].isalpha()
        }
        marks = "|".join(re.escape(m) for m in sorted(self.marks, key=len, reverse=True))
        named = {
            "SKIP": "|".join(patterns[name].to_regexp() for name in conf.ignore),
            "WORD": patterns["DOTTED"].to_regexp(),
            **{n: patterns[n].to_regexp() for n in ("STRING", "NUMERAL", "ANNOTATION", "TAIL")},
            "MARK": marks,
        }
        self.match = re.compile("|".join(f"(?P<{n}>{p})" for n, p in named.items())).match

    def lex(self, lexer_state: LexerState, parser_state: Any) -> Iterator[Token]:
        text = lexer_state.text.text
        offset, line, line_start = 0, 1, 0
        end = len(text)
        match = self.match
        while offset < end:
            found = match(text, offset)
            if found is None:
                raise UnexpectedCharacters(  # type: ignore[no-untyped-call]  # lark has no types here
                    text, offset, line, offset - line_start + 1
                )
            kind = found.lastgroup
            value = found.group()
            stop = found.end()
            if kind == "SKIP":
                if newlines := value.count("\n"):
                    line += newlines
                    line_start = offset + value.rindex("\n") + 1
                offset = stop
                continue
            if kind == "WORD":
                kind = self.word(value, _accepts, parser_state)
            elif kind == "MARK":
                kind = self.marks[value]
            assert kind is not None
            token = Token(kind, value, offset, line, offset - line_start + 1, end_pos=stop)
            lexer_state.last_token = token
            lexer_state.line_ctr.char_pos = stop
            lexer_state.line_ctr.line = line
            yield token
            offset = stop

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


def _accepts(parser_state: Any, terminal: str) -> bool:
    """Whether the parser would take the terminal next.

    Its table alone does not tell: LALR states also reduce before terminals that only
    follow elsewhere, and find out later.
    """
    states = parser_state.parse_conf.states
    action, rule = states[parser_state.position].get(terminal, (None, None))
    if action is not Reduce:
        return action is Shift
    stack = list(parser_state.state_stack)
    while action is Reduce:
        del stack[len(stack) - len(rule.expansion) :]
        _, target = states[stack[-1]][rule.origin.name]
        stack.append(target)
        action, rule = states[target].get(terminal, (None, None))
    return action is Shift
