"""Runs the LALR tables that lark computes, on texts without errors.

lark's own loop looks every rule up by its parts at each step, which is most of the
time of a large policy.  This one has the tables flattened; where it finds no way
on, lark parses the text again and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lark import Lark, Token
from lark.parsers.lalr_analysis import Shift

from compiler.syntax.lexer import COMMENT_MARK, CellLexer

_END = "$END"

#: The rule of the grammar that a shortcut stands for, and the keywords it may begin with.
STATEMENT = "statement"
SHORTCUT = frozenset({"DENY", "ALLOW", "GRANT"})

Shortcut = Callable[[str, int], tuple[Any, int] | None]
"""Reads a statement at an offset: what STATEMENT's callback would make, and where it ends."""

_Reduction = tuple[Callable[[list[Any]], Any], int, str]
"""What makes the node, how many children it takes, and the name of the rule."""


def _token(kind: str, value: str, start: int, end: int) -> Token:
    """A token without line and column: the constructor of Token takes longer than all else."""
    token = str.__new__(Token, value)
    token.type, token.value, token.start_pos, token.end_pos = kind, value, start, end
    return token


class Machine:
    """The tables of one start rule, ready to run."""

    def __init__(self, lark: Lark, start: str) -> None:
        parser = lark.parser.parser.parser  # its frontend, LALR, loop
        table = parser.parse_table
        self._start: int = table.start_states[start]
        self._end: int = table.end_states[start]
        self._actions: list[dict[str, int | _Reduction]] = [{} for _ in table.states]
        reductions: dict[int, _Reduction] = {}
        for state, actions in table.states.items():
            for symbol, (action, argument) in actions.items():
                if action is not Shift and id(argument) not in reductions:
                    callback = parser.callbacks[argument]
                    size = len(argument.expansion)
                    reductions[id(argument)] = (callback, size, argument.origin.name)
                flat = argument if action is Shift else reductions[id(argument)]
                self._actions[state][symbol] = flat
        self._lexer = CellLexer(lark.lexer_conf)

    def run(
        self, text: str, seen: list[Token] | None = None, shortcut: Shortcut | None = None
    ) -> tuple[bool, Any]:
        """Whether the text is in the language, and then what the start rule's callback made.

        All tokens are added to `seen`, and comments as COMMENT.  A `shortcut` may read
        statements that begin with one of SHORTCUT.
        """
        states = [self._start]
        values: list[Any] = []
        actions = self._actions
        lexer = self._lexer
        takes = self._takes
        offset, end = 0, len(text)
        while True:
            value, kind, start = "", _END, offset
            while offset < end:
                found = lexer.match(text, offset)
                if found is None:
                    return False, None
                start, offset = offset, found.end()
                if found.lastgroup != "SKIP":
                    value, kind = found.group(), found.lastgroup or ""
                    break
                if seen is not None and text[start] == COMMENT_MARK:
                    seen.append(_token("COMMENT", found.group(), start, offset))
            if kind == "WORD":
                kind = lexer.word(value, takes, states)
            elif kind == "MARK":
                kind = lexer.marks[value]
            while True:
                action = actions[states[-1]].get(kind)
                if action is None:
                    return False, None
                if isinstance(action, int):
                    break
                callback, size, rule = action
                children = []
                if size:
                    children = values[-size:]
                    del values[-size:], states[-size:]
                values.append(callback(children))
                goto = actions[states[-1]][rule]
                states.append(goto)  # type: ignore[arg-type]  # rules only lead to states
                if kind == _END and goto == self._end:
                    return True, values[-1]
            if shortcut is not None and kind in SHORTCUT:
                after = actions[states[-1]].get(STATEMENT)
                taken = shortcut(text, start) if after is not None else None
                if taken is not None:
                    node, offset = taken
                    values.append(node)
                    states.append(after)  # type: ignore[arg-type]  # rules only lead to states
                    continue
            token = _token(kind, value, start, offset)
            if seen is not None:
                seen.append(token)
            values.append(token)
            states.append(action)

    def _takes(self, states: list[int], terminal: str) -> bool:
        """Whether the terminal would be shifted, after whatever is to be reduced before it."""
        action = self._actions[states[-1]].get(terminal)
        if action is None or isinstance(action, int):
            return action is not None
        stack = list(states)
        while action is not None and not isinstance(action, int):
            _, size, rule = action
            if size:
                del stack[-size:]
            goto = self._actions[stack[-1]][rule]
            assert isinstance(goto, int)
            stack.append(goto)
            action = self._actions[goto].get(terminal)
        return action is not None
