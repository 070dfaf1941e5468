"""What to say about a syntax error: from the offending token and what could stand there."""

from __future__ import annotations

import re
from collections.abc import Collection

from lark import Token

from compiler.diagnostics import Diagnostics, nearest
from compiler.source import Source, Span

_NAMES = {
    "NAME": "a name",
    "GLOB": "a name or a pattern",
    "DOTTED": "an action such as `system.mount.new`",
    "NUMERAL": "a number",
    "STRING": "a string",
    "ANNOTATION": "an annotation",
    "SEMICOLON": "`;`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "TAIL": "`.` and a word",
    "RANGE": "`..`",
    "CHOICE": "`.{`",
    "INFLUENCE": "`~>`",
    "LESS": "`<`",
    "AT_MOST": "`<=`",
    "SAME": "`==`",
    "AT_LEAST": "`>=`",
    "GREATER": "`>`",
    "$END": "the end of the file",
}
#: More alternatives than this are not worth listing.
_MAX_LISTED = 6

#: Keys of upstream's `.cell` files (celladm), of which `name` and `command` are required.
_CELLADM = re.compile(
    r"^[ \t]*(name|autostart|command|root_base|profile|reserved_ports|rlimit_\w+|run_\w+"
    r"|log_\w+|mount|healthcheck|local_dev|require|after|before)[ \t]*=",
    re.MULTILINE,
)


def describe(found: Token | str, expected: Collection[str]) -> tuple[str, str, str]:
    """Code, message and help for what stands where none of `expected` does."""
    if not isinstance(found, Token):
        return _character(found)
    if found.type == "$END":
        return "E0103", "the file ends inside a statement", _one_of(expected)
    shown = f"`{_cut(str(found))}`"
    keywords = [_keyword(e) for e in expected if e not in _NAMES]
    if found.type in ("NAME", "DOTTED", "GLOB") and (hint := nearest(str(found), keywords)):
        return "E0102", f"unexpected {shown}", hint
    if "SEMICOLON" in expected:
        return "E0104", f"expected `;` before {shown}", "statements end with `;`"
    if found.type == "SEMICOLON" and "PERMISSIVE" in expected:
        return "E0101", f"unexpected {shown}", "remove it: no `;` follows a block or a `;`"
    if found.type == "RBRACE" and "RBRACE" not in expected:
        return "E0105", "this `}` closes nothing or comes too early", _one_of(expected)
    return "E0101", f"unexpected {shown}", _one_of(expected)


def _character(rest: str) -> tuple[str, str, str]:
    if rest.startswith('"'):
        return (
            "E0106",
            "this string is not closed on its line",
            'end it with `"`; a line break inside is written `\\n`, a quote `\\"`',
        )
    shown = rest[:1] if rest[:1].isprintable() else f"U+{ord(rest[0]):04X}"
    return "E0107", f"the character `{shown}` has no meaning here", "quote it in a string"


def _keyword(terminal: str) -> str:
    return terminal.lower().replace("_", "-")


def _one_of(expected: Collection[str]) -> str:
    words = sorted(_NAMES.get(e) or f"`{_keyword(e)}`" for e in expected)
    if not words or len(words) > _MAX_LISTED:
        return ""
    *others, last = words
    return f"expected {', '.join(others)} or {last}" if others else f"expected {last}"


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def foreign_format(source: Source, found: Diagnostics) -> bool:
    """Whether this is a file of upstream's celladm; says so if it is."""
    keys = {m.group(1) for m in _CELLADM.finditer(source.text)}
    if len(keys) < 2 or not keys & {"name", "command", "root_base"} or "{" in source.text:
        return False
    first = _CELLADM.search(source.text)
    assert first is not None
    found.error(
        "E0110",
        "this is a celladm manifest (key=value), not a policy",
        Span(source.name, first.start(1), first.end(1)),
        f"translate it with `cellc import celladm {source.name}`",
    )
    return True
