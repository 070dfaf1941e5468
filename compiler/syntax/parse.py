"""Text to syntax tree; the only module that runs lark."""

from __future__ import annotations

import functools
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from compiler.diagnostics import Diagnostics
from compiler.source import Source, Span
from compiler.syntax import tree
from compiler.syntax.build import TreeBuilder
from compiler.syntax.lexer import CellLexer
from compiler.syntax.machine import Machine
from compiler.syntax.messages import foreign_format
from compiler.syntax.recovery import Broken, broken_statement, defined_in
from compiler.syntax.report import report
from compiler.syntax.shortcut import plain_rule

#: The chapters of the grammar, in reading order.
CHAPTERS = ("policy", "definitions", "rules", "settings", "checks", "values", "lexical")

#: Syntax errors reported for one file before giving up.
MAX_ERRORS = 20
#: Braces inside braces; deeper nesting is refused before it is parsed.
MAX_DEPTH = 64

_TOKENS = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|[{};]')


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
        transformer=builder,
    )


@functools.cache
def _parser(start: str) -> tuple[Lark, Machine, TreeBuilder]:
    builder = TreeBuilder("")
    parser = make_parser(start, builder)
    return parser, Machine(parser, start), builder


def parse_policy(source: Source, found: Diagnostics) -> tuple[tree.Statement, ...]:
    """The statements of a file; a broken one is reported and left out."""
    if not _balanced(source, found):
        found.unread()
        return ()
    good, statements = _run("policy", source.name, source.text)
    if not good:
        _, statements = _run("policy", source.name, _without_broken(source, found))
    return statements or ()


def _without_broken(source: Source, found: Diagnostics) -> str:
    """The text with broken statements blanked, each reported; nothing if they are too many.

    After an error the offending statement is blanked and the text read again from the
    outermost statement around it, so that every error is found in an undamaged context.
    """
    text = source.text
    errors = start = 0
    while (problem := _problem("policy", " " * start + text[start:])) is not None:
        errors += 1
        offset = _offset(problem, text)
        if errors == 1 and foreign_format(source, found):
            found.unread()
            return ""
        if errors > MAX_ERRORS:
            found.error(
                "E0109",
                f"more than {MAX_ERRORS} syntax errors in this file",
                Span(source.name, offset, offset),
                "the rest of it was not read; correct the first ones and try again",
            )
            found.unread()
            return ""
        broken = broken_statement(text, offset, _brace_missing(problem))
        report(problem, Source(source.name, text), offset, found, broken)
        found.unread(defined_in(text[broken.start : broken.end]))
        blank = re.sub(r"[^\n]", " ", text[broken.start : broken.end])
        text = text[: broken.start] + blank + text[broken.end :]
        start = broken.outer
    return text


def parse_request(source: Source, found: Diagnostics) -> tree.RequestText | None:
    """A request as the command line takes it, or None and a diagnostic."""
    good, request = _run("request", source.name, source.text)
    if good:
        made: tree.RequestText = request
        return made
    problem = _problem("request", source.text)
    assert problem is not None
    end = len(source.text)
    report(problem, source, _offset(problem, source.text), found, Broken(end, end, end))
    return None


def parse_tokens(source: Source, found: Diagnostics) -> list[Token] | None:
    """Every token of a file with its line, comments too (as COMMENT), or None and diagnostics."""
    tokens: list[Token] = []
    _, machine, builder = _parser("policy")
    builder.file = source.name
    with _uncollected():
        if not (_balanced(source, found) and machine.run(source.text, tokens)[0]):
            parse_policy(source, found)
            return None
    line, end = 1, 0
    for token in tokens:
        line += source.text.count("\n", end, token.start_pos)
        token.line, end = line, token.end_pos or 0
    return tokens


def _run(start: str, file: str, text: str) -> tuple[bool, Any]:
    """Whether a text is without errors, and then what the tree builder made of it."""
    _, machine, builder = _parser(start)
    builder.file = file
    with _uncollected():
        return machine.run(text, shortcut=functools.partial(plain_rule, file=file))


def _problem(start: str, text: str) -> UnexpectedInput | None:
    """The first error of a text."""
    parser, _, _ = _parser(start)
    try:
        with _uncollected():
            parser.parse(text)
    except UnexpectedInput as problem:
        return problem
    return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Lark makes many objects and no cycles; collecting while they pile up is quadratic."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _offset(problem: UnexpectedInput, text: str) -> int:
    if isinstance(problem, UnexpectedToken) and problem.token.type == "$END":
        return problem.token.end_pos or 0
    return min(problem.pos_in_stream or 0, len(text))


def _brace_missing(problem: UnexpectedInput) -> bool:
    expected = problem.accepts or problem.expected if isinstance(problem, UnexpectedToken) else ()
    return "LBRACE" in expected and "SEMICOLON" not in expected


def _balanced(source: Source, found: Diagnostics) -> bool:
    depth = 0
    for match in _TOKENS.finditer(source.text):
        mark = match.group()
        depth += (mark == "{") - (mark == "}")
        if depth > MAX_DEPTH:
            found.error(
                "E0108",
                f"braces nested more than {MAX_DEPTH} deep",
                Span(source.name, match.start(), match.end()),
                "flatten the nesting",
            )
            return False
    return True
