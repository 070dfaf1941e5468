"""Runs the LALR tables that lark computes, on texts without errors.

Where it finds no way on, lark parses the text again and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compiler.syntax.build import TreeBuilder
from compiler.syntax.known import STATEMENT, Known
from compiler.syntax.lexer import COMMENT_MARK, Lexer
from compiler.syntax.tables import Reduction, Tables
from compiler.syntax.token import Token, token

_END = "$END"
#: Braces inside braces; what is nested deeper is refused.
MAX_DEPTH = 64
#: After one of these the next statement may begin.
_BOUNDARIES = frozenset({"SEMICOLON", "LBRACE", "RBRACE"})

_Make = Callable[[list[Any]], Any]


class Machine:
    """The tables of one start rule, ready to run."""

    def __init__(self, tables: Tables, start: str, builder: TreeBuilder) -> None:
        self._first, self._last, self._actions = tables.starts[start]
        self._reductions = [(_maker(r, builder), r.size, r.rule) for r in tables.reductions]
        self._lists = {s for s, row in enumerate(self._actions) if self._is_list(row)}
        """States after a list of statements, to which one more can be added."""
        self._lexer = Lexer(tables.lexis)

    def run(
        self, text: str, seen: list[Token] | None = None, known: Known | None = None
    ) -> tuple[bool, Any]:
        """Whether the text is in the language, and then what the start rule's maker made.

        All tokens are added to `seen`, and comments as COMMENT.  Statements that `known`
        recognises are not read token by token.
        """
        states = [self._first]
        values: list[Any] = []
        lexer = self._lexer
        takes = self._takes
        offset, end, depth = 0, len(text), 0
        boundary = known is not None
        while True:
            if boundary:
                assert known is not None
                state = states[-1]
                into = values[-1] if state in self._lists else None
                kind, statement, offset = known.read(text, offset, self._actions[state], into)
                if statement and self._add(kind, statement, states, values, known):
                    offset = statement.span.end
                    continue
                boundary = False
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
                    seen.append(token("COMMENT", found.group(), start, offset))
            if kind == "WORD":
                kind = lexer.word(value, takes, states)
            elif kind == "MARK":
                kind = lexer.marks[value]
            target = self._reduce(kind, states, values, known)
            if target is None:
                return False, None
            if target < 0:
                return True, values[-1]
            made = token(kind, value, start, offset)
            if seen is not None:
                seen.append(made)
            values.append(made)
            states.append(target)
            boundary = known is not None and kind in _BOUNDARIES
            if kind == "LBRACE":
                depth += 1
                if depth > MAX_DEPTH:
                    return False, None
            elif kind == "RBRACE":
                depth -= 1

    def _add(
        self, kind: str, node: Any, states: list[int], values: list[Any], known: Known
    ) -> bool:
        """Adds a whole statement that begins with a terminal, unless none can stand here."""
        actions = self._actions
        if not self._takes(states, kind):
            return False
        self._reduce(kind, states, values, known)
        if states[-1] in self._lists:
            values[-1].append(node)
            return True
        after = actions[states[-1]].get(STATEMENT)
        if after is None:
            return False
        values.append(node)
        states.append(after)
        return True

    def _reduce(
        self, kind: str, states: list[int], values: list[Any], known: Known | None
    ) -> int | None:
        """Reduces all that ends before a terminal; the state that it leads to then.

        None when it cannot stand here; -1 when it is the end, and all is read.
        """
        actions = self._actions
        while True:
            action = actions[states[-1]].get(kind)
            if action is None or action >= 0:
                return action
            make, size, rule = self._reductions[-1 - action]
            children = []
            if size:
                children = values[-size:]
                del values[-size:], states[-size:]
            made = make(children)
            if known is not None and rule == STATEMENT:
                known.learn(made)
            values.append(made)
            goto = actions[states[-1]][rule]
            states.append(goto)
            if kind == _END and goto == self._last:
                return -1

    def _is_list(self, row: dict[str, int]) -> bool:
        """Whether a statement here is only added to the list of those before it."""
        after = self._actions[row[STATEMENT]] if STATEMENT in row else {}
        ends = {self._reductions[-1 - action][1:] for action in after.values() if action < 0}
        return len(ends) == 1 and ends == {(2, rule) for _, rule in ends if rule.startswith("__")}

    def _takes(self, states: list[int], terminal: str) -> bool:
        """Whether the terminal would be shifted, after whatever is to be reduced before it."""
        action = self._actions[states[-1]].get(terminal)
        if action is None or action >= 0:
            return action is not None
        stack = list(states)
        while action is not None and action < 0:
            _, size, rule = self._reductions[-1 - action]
            if size:
                del stack[-size:]
            goto = self._actions[stack[-1]][rule]
            stack.append(goto)
            action = self._actions[goto].get(terminal)
        return action is not None


def _maker(reduction: Reduction, builder: TreeBuilder) -> _Make:
    """What makes a node, or a list for the rule around it, of the children on the stack."""
    make: _Make = _only if reduction.single else _themselves
    if reduction.made_by and not reduction.single:
        make = getattr(builder, reduction.made_by)
    inner, absent = frozenset(reduction.inner), reduction.absent
    if not inner and not absent:
        return make

    def filled(children: list[Any]) -> Any:
        parts: list[Any] = []
        for i, child in enumerate(children):
            if absent:
                parts += [None] * absent[i]
            if i not in inner:
                parts.append(child)
            elif parts:
                parts += child
            else:
                parts = child  # nobody else has it, and it may be long
        if absent:
            parts += [None] * absent[-1]
        return make(parts)

    return filled


def _themselves(children: list[Any]) -> list[Any]:
    return children


def _only(children: list[Any]) -> Any:
    (child,) = children
    return child
