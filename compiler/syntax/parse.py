"""Text to syntax tree: the tables of the grammar for what is right, lark for what is wrong."""

from __future__ import annotations

import functools
from typing import Any

from compiler.diagnostics import Diagnostics
from compiler.pattern import pattern
from compiler.source import Source, Span
from compiler.syntax import tables, tree
from compiler.syntax.build import TreeBuilder
from compiler.syntax.collecting import uncollected
from compiler.syntax.hidden import hidden
from compiler.syntax.known import Known
from compiler.syntax.machine import MAX_DEPTH, Machine
from compiler.syntax.token import Token

_TOKENS = pattern(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|[{};]')


@functools.cache
def _machine(start: str) -> tuple[Machine, TreeBuilder]:
    builder = TreeBuilder("")
    return Machine(tables.load(), start, builder), builder


def parse_policy(source: Source, found: Diagnostics) -> tuple[tree.Statement, ...]:
    """The statements of a file; a broken one is reported and left out."""
    if not _visible(source):
        from compiler.syntax.errors import report_hidden  # lark, which right texts do without

        report_hidden(source, found)
        found.unread()
        return ()
    good, statements = _run("policy", source.name, source.text)
    if not good and not _balanced(source, found):
        found.unread()
        return ()
    if not good:
        from compiler.syntax.errors import without_broken

        _, statements = _run("policy", source.name, without_broken(source, found))
    return statements or ()


def parse_request(
    source: Source, found: Diagnostics, subject: str = "host"
) -> tree.RequestText | None:
    """A request as the command line takes it, or None and a diagnostic with one of `subject`."""
    good, request = _run("request", source.name, source.text)
    if good:
        made: tree.RequestText = request
        return made
    from compiler.syntax.errors import report_request

    report_request(source, found, subject)
    return None


def parse_tokens(source: Source, found: Diagnostics) -> list[Token] | None:
    """Every token of a file with its line, comments too (as COMMENT), or None and diagnostics."""
    tokens: list[Token] = []
    machine, builder = _machine("policy")
    builder.file = source.name
    with uncollected():
        if not (_visible(source) and machine.run(source.text, tokens)[0]):
            parse_policy(source, found)
            return None
    line, end = 1, 0
    for token in tokens:
        line += source.text.count("\n", end, token.start_pos)
        token.line, end = line, token.end_pos or 0
    return tokens


def _run(start: str, file: str, text: str) -> tuple[bool, Any]:
    """Whether a text is without errors, and then what the tree builder made of it."""
    machine, builder = _machine(start)
    builder.file = file
    known = Known(tables.load().lexis, file) if start == "policy" else None
    with uncollected():
        return machine.run(text, known=known)


def _visible(source: Source) -> bool:
    return next(hidden(source.text), None) is None


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
