"""What is wrong with a text: lark finds the errors, one after the other."""

from __future__ import annotations

import re

from lark.exceptions import UnexpectedInput, UnexpectedToken

from compiler.diagnostics import Diagnostics
from compiler.source import Source, Span
from compiler.syntax import questions
from compiler.syntax.hidden import hidden
from compiler.syntax.messages import describe_hidden, foreign_format
from compiler.syntax.recovery import broken_statement, defined_in
from compiler.syntax.reference import first_problem
from compiler.syntax.report import report

#: Syntax errors reported for one file before giving up.
MAX_ERRORS = 20


def without_broken(source: Source, found: Diagnostics) -> str:
    """The text with broken statements blanked, each reported; nothing if they are too many.

    After an error the offending statement is blanked and the text read again from the
    outermost statement around it, so that every error is found in an undamaged context.
    """
    text = source.text
    errors = start = 0
    while (problem := first_problem("policy", " " * start + text[start:])) is not None:
        errors += 1
        offset = _offset(problem, text)
        if errors == 1 and foreign_format(source, found):
            found.unread()
            return ""
        if errors > MAX_ERRORS:
            _too_many(source, offset, found)
            found.unread()
            return ""
        broken = broken_statement(text, offset, _brace_missing(problem))
        report(problem, Source(source.name, text), offset, found, broken)
        found.unread(defined_in(text[broken.start : broken.end]))
        blank = re.sub(r"[^\n]", " ", text[broken.start : broken.end])
        text = text[: broken.start] + blank + text[broken.end :]
        start = broken.outer
    return text


def report_hidden(source: Source, found: Diagnostics) -> None:
    """Says which characters of a text nobody sees."""
    for number, offset in enumerate(hidden(source.text)):
        if number == MAX_ERRORS:
            _too_many(source, offset, found)
            return
        message, help = describe_hidden(source.text[offset])
        found.error("E0115", message, Span(source.name, offset, offset + 1), help)


def report_request(source: Source, found: Diagnostics, subject: str) -> None:
    """Says what is wrong with the text of a request."""
    problem = first_problem("request", source.text)
    assert problem is not None
    questions.report(problem, _offset(problem, source.text), source, found, subject)


def _too_many(source: Source, offset: int, found: Diagnostics) -> None:
    found.error(
        "E0109",
        f"more than {MAX_ERRORS} syntax errors in this file",
        Span(source.name, offset, offset),
        "the rest of it was not read; correct the first ones and try again",
    )


def _offset(problem: UnexpectedInput, text: str) -> int:
    if isinstance(problem, UnexpectedToken) and problem.token.type == "$END":
        return problem.token.end_pos or 0
    return min(problem.pos_in_stream or 0, len(text))


def _brace_missing(problem: UnexpectedInput) -> bool:
    expected = problem.accepts or problem.expected if isinstance(problem, UnexpectedToken) else ()
    return "LBRACE" in expected and "SEMICOLON" not in expected
