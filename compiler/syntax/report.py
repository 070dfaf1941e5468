"""Makes a diagnostic of a syntax error: its code and words, its place, and related ones."""

from __future__ import annotations

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from compiler.diagnostics import Diagnostics, Related
from compiler.pattern import pattern
from compiler.source import Source, Span
from compiler.syntax.messages import describe, describe_character
from compiler.syntax.recovery import Broken
from compiler.syntax.usage import usage

_CLOSING = {"{": "}", "(": ")"}
_WORDS = pattern(r'"(?:[^"\\\n]|\\[^\n])*"|#[^\n]*|[^\s"#]+')


def report(
    problem: UnexpectedInput, source: Source, offset: int, found: Diagnostics, broken: Broken
) -> None:
    """Says what is wrong at `offset`, in the statement `broken`."""
    text = source.text
    if isinstance(problem, UnexpectedToken):
        expected = problem.accepts or problem.expected
        end = _end_before(text, offset) if "SEMICOLON" in expected else offset
        apart = "\n" in text[end:offset]
        example = "" if apart else usage(text, broken.start, offset)
        code, message, help = describe(problem.token, expected, example)
        length = max(1, len(problem.token)) if problem.token.type != "$END" else 0
        span = Span(source.name, offset, min(offset + length, len(text)))
        if apart and code == "E0104":
            span = Span(source.name, end, end)
    else:
        assert isinstance(problem, UnexpectedCharacters)
        code, message, help = describe_character(text[offset:])
        span = Span(source.name, offset, offset + 1)
    related: tuple[Related, ...] = ()
    if code == "E0103" and broken.unclosed is not None:
        opening = Span(source.name, broken.unclosed, broken.unclosed + 1)
        closing = _CLOSING.get(text[broken.unclosed])
        if closing:  # else it is where a brace is missing
            related = (Related(opening, "this is not closed"),)
            help = f"close it with `{closing}`"
    found.error(code, message, span, help, related)


def _end_before(text: str, offset: int) -> int:
    """The end of the last word before an offset that is not in a comment."""
    ends = (m.end() for m in _WORDS.finditer(text, 0, offset) if not m.group().startswith("#"))
    return max(ends, default=offset)
