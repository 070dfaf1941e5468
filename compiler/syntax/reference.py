"""The grammar as lark reads it: the source of the parser's tables, and of what errors say.

Texts without errors need none of this: `compiler.syntax.machine` runs the tables that
`tables_of_grammar` makes and tables.json keeps.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from lark import Lark, Token
from lark.common import LexerConf
from lark.exceptions import UnexpectedCharacters, UnexpectedInput
from lark.grammar import Rule
from lark.lexer import Lexer as LarkLexer
from lark.lexer import LexerState
from lark.parsers.lalr_analysis import Reduce, Shift

from compiler.syntax.build import TreeBuilder
from compiler.syntax.collecting import uncollected
from compiler.syntax.lexer import Lexer, Lexis
from compiler.syntax.tables import STARTS, Reduction, Start, Tables

#: The chapters of the grammar, in reading order.
CHAPTERS = ("policy", "definitions", "rules", "settings", "checks", "values", "lexical")


@functools.cache
def grammar_text() -> str:
    """The whole grammar: its chapters one after the other."""
    folder = resources.files("grammar")
    return "\n".join(folder.joinpath(f"{c}.lark").read_text("utf-8") for c in CHAPTERS)


def make_parser(start: str, builder: TreeBuilder | None) -> Lark:
    """An LALR parser for one start rule of the grammar."""
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer=CellLexer,
        start=start,
        keep_all_tokens=True,
        maybe_placeholders=True,
        transformer=builder,  # lark only looks its methods up
    )


def first_problem(start: str, text: str) -> UnexpectedInput | None:
    """The first error of a text."""
    try:
        with uncollected():
            _parser(start).parse(text)
    except UnexpectedInput as problem:
        return problem
    return None


@functools.cache
def _parser(start: str) -> Lark:
    return make_parser(start, None)


class CellLexer(LarkLexer):
    """The lexer of lark's parser."""

    __future_interface__ = 1

    def __init__(self, conf: LexerConf) -> None:
        self._lexer = Lexer(lexis(conf))

    def lex(self, lexer_state: LexerState, parser_state: Any) -> Iterator[Token]:
        text = lexer_state.text.text
        offset, line, line_start = 0, 1, 0
        end = len(text)
        while offset < end:
            found = self._lexer.match(text, offset)
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
                kind = self._lexer.word(value, _accepts, parser_state)
            elif kind == "MARK":
                kind = self._lexer.marks[value]
            assert kind is not None
            token = Token(kind, value, offset, line, offset - line_start + 1, end_pos=stop)
            lexer_state.last_token = token
            lexer_state.line_ctr.char_pos = stop
            lexer_state.line_ctr.line = line
            yield token
            offset = stop


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


def lexis(conf: LexerConf) -> Lexis:
    """The terminals of the grammar as one regular expression."""
    patterns = {t.name: t.pattern for t in conf.terminals}
    fixed = {p.value: name for name, p in sorted(patterns.items()) if p.type == "str"}
    words = {value: name for value, name in fixed.items() if value[0].isalpha()}
    marks = {value: name for value, name in fixed.items() if value not in words}
    named = {
        "SKIP": "|".join(patterns[name].to_regexp() for name in sorted(conf.ignore)),
        "WORD": patterns["DOTTED"].to_regexp(),
        **{n: patterns[n].to_regexp() for n in ("STRING", "NUMERAL", "ANNOTATION", "TAIL")},
        "MARK": "|".join(re.escape(m) for m in sorted(marks, key=lambda m: (-len(m), m))),
    }
    return Lexis("|".join(f"(?P<{n}>{p})" for n, p in named.items()), words, marks)


def tables_of_grammar() -> Tables:
    """The tables that lark computes from the grammar."""
    reductions: dict[Reduction, int] = {}
    starts = {}
    conf = None
    for start in STARTS:
        lark = make_parser(start, None)
        conf = lark.lexer_conf
        table = lark.parser.parser.parser.parse_table  # its frontend, LALR, loop
        renamed = _numbered(table, table.start_states[start])
        rows = []
        for state in renamed:
            row = {}
            for symbol, (action, argument) in sorted(table.states[state].items()):
                if action is Shift:
                    row[str(symbol)] = renamed[argument]
                else:
                    number = reductions.setdefault(_reduction(argument), len(reductions))
                    row[str(symbol)] = -1 - number
            rows.append(row)
        starts[start] = Start(
            renamed[table.start_states[start]], renamed[table.end_states[start]], tuple(rows)
        )
    assert conf is not None
    return Tables(lexis(conf), tuple(reductions), starts)


def _numbered(table: Any, first: int) -> dict[int, int]:
    """Numbers for states in the order in which they are reached; lark's depend on hashes."""
    renamed = {first: 0}
    reached = [first]
    for state in reached:
        for _, (action, target) in sorted(table.states[state].items()):
            if action is Shift and target not in renamed:
                renamed[target] = len(renamed)
                reached.append(target)
    return renamed


def _reduction(rule: Rule) -> Reduction:
    """How lark makes a node of the children of a rule (lark.parse_tree_builder)."""
    name = str(rule.origin.name)
    inner = [not s.is_term and s.name.startswith("_") for s in rule.expansion]
    absent: tuple[int, ...] = (0,) * (len(inner) + 1)
    if rule.options.empty_indices:
        gaps = "".join(str(int(b)) for b in rule.options.empty_indices).split("0")
        absent = tuple(map(len, gaps))
    made_by = rule.alias or name
    if name.startswith("_") and not rule.alias:
        made_by = ""
    return Reduction(
        name,
        len(inner),
        made_by,
        bool(rule.options.expand1 and not rule.alias),
        tuple(i for i, within in enumerate(inner) if within),
        absent if any(absent) else (),
    )
