"""What is wrong with a request of the command line: in words about a question, not about a file."""

from __future__ import annotations

from collections.abc import Collection

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from compiler.diagnostics import Diagnostics, nearest, quoted
from compiler.pattern import pattern
from compiler.source import Source, Span
from compiler.syntax.messages import CONDITIONS, PORT, SEVERAL, describe_character, keywords, one_of
from compiler.syntax.usage import request_usage

#: A line of a test: what is expected, and a subject.
_EFFECT = pattern(r"\s*(allow|deny|grant)\s+(?:\{[^}.]*\}|[^\s.{]+)\s")
_EXPECTED = ("by", "refused", "works")


def report(
    problem: UnexpectedInput, offset: int, source: Source, found: Diagnostics, subject: str
) -> None:
    """Says what is wrong at `offset`, with an example about `subject`."""
    usage = request_usage(source.text[:offset], subject)
    span = Span(source.name, offset, offset + 1)
    effect = _EFFECT.match(source.text)
    if effect is not None and effect.end() <= offset:
        span = Span(source.name, *effect.span(1))
        message = f"`{effect[1]}` cannot stand in a request"
        help = "leave it out: the answer tells what is decided"
    elif isinstance(problem, UnexpectedToken):
        if problem.token.type != "$END":
            span = span._replace(end=offset + len(problem.token))
        expected = problem.accepts or problem.expected
        message, help = _token(problem.token, expected, f"as in `{usage}`")
    else:
        _, message, help = describe_character(source.text[offset:])
        if not source.text.startswith("->", offset):
            help = f"write it like `{usage}`"
    span = span._replace(end=min(span.end, len(source.text)))
    found.error("E0114", message, span, help)


def _token(found: Token, expected: Collection[str], example: str) -> tuple[str, str]:
    """Message and help for a token that stands where none of `expected` does."""
    shown = quoted(str(found))
    wanted = ", ".join(filter(None, (one_of(expected), example)))
    if found.type == "$END":
        return "the request ends too early", wanted
    if found.type == "SEMICOLON":
        return "no `;` stands in a request", "leave it out; each request is an argument of its own"
    if found.type == "INFLUENCE":
        help = "influence has two sides, and `cellc query` tells of it: `A ~> B`"
        return "`~>` cannot stand in a request", help
    if found.type == "LPAR":
        return f"unexpected {shown}", "leave out what is in parentheses: no request can say it"
    if found.type == "COMMA" and "COMMA" not in expected:
        return f"unexpected {shown}", SEVERAL
    if "HOST_ROOT" in expected and "SELF" not in expected:
        return f"unexpected {shown}", f"a request begins with who asks, {example}"
    if PORT not in expected:
        return f"unexpected {shown}", wanted
    if found in _EXPECTED:
        return f"{shown} cannot stand in a request", "leave it out: the answer tells the outcome"
    if found.type == "NUMERAL":
        return f"unexpected {shown}", f"write `port {found}`"
    hint = nearest(str(found), keywords(expected)) if found.type == "NAME" else ""
    return f"unexpected {shown}", hint or f"the conditions are {CONDITIONS}, {example}"
