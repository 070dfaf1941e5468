"""Comments that ignore findings: `# cellc: ignore CODE -- reason`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.pattern import pattern
from compiler.record import record
from compiler.source import Source, Span

_MARK = "cellc:"
#: What a comment is, as against text in quotes (grammar/lexical.lark).
TEXT_OR_COMMENT = pattern(r'"(?:\\.|[^"\\\n])*"|#[^\n]*')
_COMMENT = pattern(r"#\s*cellc:\s*(?P<word>[\w-]*)(?P<rest>.*)")
_REASON = pattern(r"(?:^|\s)--(?:\s|$)")
#: A line with annotations and a comment at most.
_NO_STATEMENT = pattern(r'(?:@[\w-]+\s+(?:"(?:\\.|[^"\\\n])*"|[\w-]+)\s*)*(?:#.*)?')
_CODE = pattern(r"[^\s,]+")


@record
class Named:
    """A code as a comment names it, and where."""

    code: str
    span: Span


@record
class Ignore:
    """One comment; it is about findings that begin in lines [first, last]."""

    span: Span
    word: str
    """What stands after `cellc:`; anything but "ignore" is a mistake."""
    codes: tuple[Named, ...]
    reason: str
    first: int
    last: int


def ignores(source: Source) -> Iterator[Ignore]:
    """The comments of a file that begin with `cellc:`, in order."""
    if _MARK not in source.text:
        return
    for found in TEXT_OR_COMMENT.finditer(source.text):
        if found[0].startswith("#") and (comment := _COMMENT.match(found[0].rstrip())):
            yield _ignore(source, found.start(), comment)


def _ignore(source: Source, start: int, comment: re.Match[str]) -> Ignore:
    codes, reason = comment["rest"], ""
    if parted := _REASON.search(codes):
        reason = codes[parted.end() :].strip()
        codes = codes[: parted.start()]
    offset = start + comment.start("rest")
    named = tuple(
        Named(word[0], Span(source.name, offset + word.start(), offset + word.end()))
        for word in _CODE.finditer(codes)
    )
    span = Span(source.name, start, start + comment.end())
    return Ignore(span, comment["word"], named, reason, *_lines(source, start))


def _lines(source: Source, start: int) -> tuple[int, int]:
    """The line of a comment that trails text, else those up to the start of what follows.

    Annotations belong to what they stand before.
    """
    line, column = source.position(start)
    if source.line(line)[: column - 1].strip():
        return line, line
    last = source.position(len(source.text))[0]
    following = line + 1
    while following < last and _goes_on(source.line(following).strip()):
        following += 1
    return line + 1, following


def _goes_on(line: str) -> bool:
    """Whether the statement that a comment is about begins below this line."""
    return _NO_STATEMENT.fullmatch(line) is not None
