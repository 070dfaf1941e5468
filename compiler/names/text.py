"""String literals to the text they stand for."""

from __future__ import annotations

import re

from compiler.diagnostics import Diagnostics
from compiler.pattern import pattern
from compiler.source import Span
from compiler.syntax.tree import Text

_ESCAPE = pattern(r'\\(?:(["\\nt])|u\{([0-9A-Fa-f]{1,6})\}|(.?))', re.DOTALL)
_SIMPLE = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_ESCAPES = {character: letter for letter, character in _SIMPLE.items()}

#: Longest string of a policy, in characters; ARG_MAX of NetBSD is 256 KiB.
MAX_LENGTH = 65536


def unquote(text: Text, found: Diagnostics) -> str | None:
    """The characters a literal stands for, or None and a diagnostic.

    A NUL is refused: neither C strings nor arguments of programs can hold one.
    """
    body = text.raw[1:-1]
    start = text.span.start + 1
    if "\\" not in body and "\0" not in body:
        return _checked(body, text, found)
    ok = True
    parts = []
    position = 0
    for match in _ESCAPE.finditer(body):
        parts.append(body[position : match.start()])
        position = match.end()
        simple, code, _ = match.groups()
        if simple:
            parts.append(_SIMPLE[simple])
        elif code and int(code, 16) < 0x110000 and not 0xD800 <= int(code, 16) < 0xE000:
            parts.append(chr(int(code, 16)))
        else:
            ok = False
            span = Span(text.span.file, start + match.start(), start + match.end())
            _bad_escape(match.group(), code is not None, span, found)
    parts.append(body[position:])
    return _checked("".join(parts), text, found) if ok else None


def quote(text: str) -> str:
    """The literal that stands for `text`; the other way round than `unquote`."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def _bad_escape(escape: str, unicode: bool, span: Span, found: Diagnostics) -> None:
    if unicode:
        found.error(
            "E0302", f"`{escape}` is not a character", span, "use a code point from 1 to 10FFFF"
        )
    else:
        found.error(
            "E0301",
            f"unknown escape `{escape}`",
            span,
            'the escapes are `\\"`, `\\\\`, `\\n`, `\\t` and `\\u{...}`',
        )


def _checked(value: str, text: Text, found: Diagnostics) -> str | None:
    if "\0" in value:
        found.error("E0303", "a string cannot hold a NUL character", text.span, "remove it")
        return None
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        found.error("E0302", "a lone surrogate is not a character", text.span, "remove it")
        return None
    if len(value) > MAX_LENGTH:
        found.error(
            "E0304",
            f"this string has {len(value)} characters, {MAX_LENGTH} are the most",
            text.span,
            "keep long data in a file",
        )
        return None
    return value
