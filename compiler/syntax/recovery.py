"""Where to go on after a syntax error: finds the statement that an offset lies in.

Reads words and brackets only, and so makes sense of texts that no grammar fits.
"""

from __future__ import annotations

import re

from compiler.pattern import pattern
from compiler.record import record

#: Words that begin a statement with a block.
BLOCKS = frozenset(
    ("cell", "devices", "host", "limits", "profile", "service", "template", "test", "when")
)
#: Words that begin any other statement.
LINES = frozenset(
    (
        *("allow", "assert", "before", "command", "deny", "env", "exec", "final", "grant"),
        *("group", "healthcheck", "hook", "import", "let", "listen", "log", "manual", "mount"),
        *("permissive", "policy", "require", "restart", "root", "securelevel", "sysctl"),
        *("target", "use", "user"),
    )
)

_STRING = r'"(?:[^"\\\n]|\\[^\n])*"'
_TOKENS = pattern(
    rf"""\#[^\n]* | (?P<note>@[A-Za-z]+\s*(?:{_STRING}|[0-9][\w.-]*)? | {_STRING})
      | (?P<word>[A-Za-z*][\w.*-]*) | (?P<mark>[{{}}();]) | (?P<other>[^\s"\#@{{}}();]+|["@])""",
    re.VERBOSE,
)
#: A name that a broken statement may have defined: the one after its first word, which
#: may be misspelt, or the one after a word that defines.
_DEFINED = pattern(
    rf"""(?: ^ (?:\s*@\w+\s*(?:{_STRING}|[\w-]+))* \s* [A-Za-z]+
           | \b(?:cell|group|let|profile|template) )
      \s+ (?P<name>[A-Za-z][\w-]*)""",
    re.VERBOSE,
)
_MARK = pattern(rf"{_STRING}|\#[^\n]*|([{{}};])")


@record
class Broken:
    """Characters [start, end) are the broken statement, `outer` where the outermost starts.

    `unclosed` is the innermost bracket that is open where the text ends, if it ends in
    the statement.
    """

    start: int
    end: int
    outer: int
    unclosed: int | None = None


def broken_statement(text: str, offset: int, brace_missing: bool = False) -> Broken:
    """The innermost statement at `offset`, or at the end the outermost that is not closed.

    With `brace_missing` only a `{` could stand at the offset.
    """
    return _Scanner(text, offset, brace_missing).run()


def defined_in(text: str) -> set[str]:
    """The names that a broken statement may have defined."""
    return {match["name"] for match in _DEFINED.finditer(text)}


@record
class _Open:
    """An open bracket, and where the statement starts that it stands in."""

    mark: str
    offset: int
    block: bool
    statement: int


class _Scanner:
    """Walks through the text until the statement at the offset has ended."""

    def __init__(self, text: str, offset: int, brace_missing: bool) -> None:
        self._text = text
        self._offset = offset
        self._brace_missing = brace_missing
        self._open: list[_Open] = []
        self._start: int | None = None
        """Where the statement that is being read starts."""
        self._head = ""
        """The word that it begins with."""
        self._target: int | None = None
        """Where the statement at the offset starts."""
        self._outer = 0

    def run(self) -> Broken:
        for match in _TOKENS.finditer(self._text):
            kind = match.lastgroup
            if kind is None:
                continue
            at, end = match.span()
            if self._target is None and end > self._offset:
                self._target = at if self._start is None else self._start
                self._outer = self._open[0].statement if self._open else self._target
                if self._target < at and self._begins_line(at, match.group()):
                    if not (self._brace_missing and self._head in BLOCKS):
                        return Broken(self._target, at, self._outer)
                    self._opens("{", at, at)
            stop = self._take(kind, match.group(), at, end)
            if stop is not None:
                assert self._target is not None
                return Broken(self._target, stop, self._outer)
        return self._rest()

    def _begins_line(self, at: int, word: str) -> bool:
        """Whether a word that cannot stand here probably begins the next statement."""
        line = self._text[self._text.rfind("\n", 0, at) + 1 : at]
        return not line.strip() and (word in BLOCKS or word in LINES)

    def _take(self, kind: str, text: str, at: int, end: int) -> int | None:
        """Reads one token; returns where the target ends, if it does here."""
        if kind != "mark":
            if self._start is None:
                self._start, self._head = at, ""
            self._head = self._head or (text if kind == "word" else "")
        elif text in "({":
            self._opens(text, at, end)
        elif text == ";":
            return self._ends(at, end)
        else:
            return self._closes(text, at, end)
        return None

    def _opens(self, mark: str, at: int, end: int) -> None:
        if self._start is None:
            self._start, self._head = at, ""
        block = mark == "{" and (not self._open or self._open[-1].block)
        if block and self._head not in BLOCKS:
            inner = next((m[1] for m in _MARK.finditer(self._text, end) if m[1]), "}")
            block = self._head not in LINES and inner != "}"
        self._open.append(_Open(mark, at, block, self._start))
        if block:
            self._start = None

    def _ends(self, at: int, end: int) -> int | None:
        """A semicolon ends the statement, even inside lists: these lack their end then."""
        while self._open and not self._open[-1].block:
            self._open.pop()
        start = at if self._start is None else self._start
        self._start = None
        return end if start == self._target else None

    def _closes(self, mark: str, at: int, end: int) -> int | None:
        if mark == "}":
            while self._open and self._open[-1].mark == "(":
                self._open.pop()
        stray = not self._open or (mark == ")" and self._open[-1].mark != "(")
        if at == self._target or (stray and mark == "}"):
            start, self._start = self._start, None
            return end if self._target in (at, start) else None
        if stray:
            return None
        bracket = self._open.pop()
        if not bracket.block:
            return None
        start, self._start = self._start, None
        if start is not None and start == self._target:
            return at
        return end if bracket.statement == self._target else None

    def _rest(self) -> Broken:
        end = len(self._text)
        unclosed = self._open[-1].offset if self._open else None
        if self._target is not None:
            return Broken(self._target, end, self._outer, unclosed)
        start = self._open[0].statement if self._open else self._start
        if start is None:
            start = end
        return Broken(start, end, start, unclosed)
