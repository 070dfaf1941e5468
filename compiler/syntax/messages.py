"""What to say about a syntax error: from the offending token and what could stand there."""

from __future__ import annotations

import re
from collections.abc import Collection

from lark import Token

from compiler.diagnostics import Diagnostics, nearest, quoted
from compiler.pattern import pattern
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
_CELLADM = pattern(
    r"^[ \t]*(name|autostart|command|root_base|profile|reserved_ports|rlimit_\w+|run_\w+"
    r"|log_\w+|mount|healthcheck|local_dev|require|after|before)[ \t]*=",
    re.MULTILINE,
)


#: Where statements may begin, this one may.
_STATEMENT = "PERMISSIVE"
#: Where an item of a service may begin, this one may.
_ITEM = "HEALTHCHECK"
#: Conditions of rules; where this one may stand, the others may.
PORT = "PORT"
CONDITIONS = "`to`, `tcp`, `udp`, `port`, `domain`, `type` and `protocol`"
SEVERAL = "write several in braces: `{a, b}`"
_SERVICE = ("command", "require", "before", "env", "log", "restart", "healthcheck", "manual")
_OUTSIDE = ("user", "root", "mount", "listen", "limits", "exec", "devices", "hook", "permissive")
_OF_FILES = "a definition such as `let`, `profile`, `template`, `cell`, `group` or `host`"
_OF_SERVICES = "`command`, `require`, `before`, `env`, `log`, `restart`, `healthcheck` or `manual`"
_OF_BODIES = "a rule or a setting such as `deny`, `allow`, `root`, `listen` or `service`"


#: Words of other languages for ours.
_SYNONYMS = {
    "accept": "allow",
    "block": "deny",
    "drop": "deny",
    "include": "import",
    "pass": "allow",
    "permit": "allow",
    "reject": "deny",
}
_EFFECTS = ("allow", "deny", "grant")
#: Statements in which a set can stand where one value can.
_WITH_SETS = ("allow", "assert", "deny", "grant", "let", "listen", "test")


def describe(found: Token, expected: Collection[str], usage: str) -> tuple[str, str, str]:
    """Code, message and help for a token that stands where none of `expected` does.

    `usage` is an example of the statement that the token stands in, or nothing.
    """
    if found.type == "$END":
        help = one_of(expected) or "finish it, or remove it"
        return "E0103", "the file ends inside a statement", help
    shown = quoted(str(found))
    if remedy := _case(found, set(expected), usage):
        return "E0101", f"unexpected {shown}", remedy
    if (home := _home(str(found), expected)) is not None:
        return "E0111", f"{shown} cannot stand here", home
    word = _SYNONYMS.get(str(found), str(found))
    if found.type in ("NAME", "DOTTED", "GLOB") and (hint := nearest(word, keywords(expected))):
        return "E0102", f"unexpected {shown}", hint
    if "SEMICOLON" in expected:
        return "E0104", f"expected `;` before {shown}", _ending(found, expected, usage)
    if found.type == "SEMICOLON" and _STATEMENT in expected:
        return "E0101", f"unexpected {shown}", "remove it: no `;` follows a block or a `;`"
    if found.type == "RBRACE" and _STATEMENT in expected:
        return "E0105", "this `}` closes nothing", "remove it, or look above for a missing `{`"
    if found.type == "RBRACE" and "RBRACE" not in expected:
        return "E0105", "this `}` comes too early", _help(expected, usage)
    if _STATEMENT in expected:
        here = _OF_FILES if "$END" in expected else _OF_BODIES
        return "E0101", f"no statement begins with {shown}", f"expected {here}"
    if _ITEM in expected and str(found)[0].isalpha():
        return "E0101", f"no item of a service begins with {shown}", f"expected {_OF_SERVICES}"
    if found.type == "COMMA" and "DOTTED" in expected:
        return "E0101", f"unexpected {shown}", SEVERAL
    return "E0101", f"unexpected {shown}", _help(expected, usage)


def _home(word: str, expected: Collection[str]) -> str | None:
    """Where a statement belongs that begins with `word`, if it is not here."""
    if word in _SERVICE and _STATEMENT in expected:
        return "it belongs in a `service` block"
    if word in _OUTSIDE and _ITEM in expected:
        return "it belongs in the cell, before or after its `service` block"
    return None


def _case(found: Token, expected: set[str], usage: str) -> str:
    """The remedy for a line of a test in which who decides stands wrong, or ""."""
    if usage.split(" ")[0] not in _EFFECTS:
        return ""
    if found.type == "NAME" and expected == {"STRING"}:
        return f"who refuses is told by `refused by {found}`; `by` alone names a rule, in quotes"
    if found.type == "STRING" and expected == {"NAME"}:
        return f"who refuses is a word such as `suser`; a rule stands first: `by {found} refused`"
    if found.type == "STRING" and "WORKS" in expected:
        return f"write `by {found}`"
    if found.type == "BY" and expected <= {"REFUSED", "SEMICOLON", "WORKS"}:
        return 'the rule stands before the outcome: `by "default" works`; a voter after `refused`'
    return ""


def _ending(found: Token, expected: Collection[str], usage: str) -> str:
    if found.type == "COMMA" and usage.split(" ")[0] in _WITH_SETS:
        return SEVERAL
    if "BY" in expected and found.type == "NAME" and "WORKS" not in expected:
        return f"write `by {found}`"
    if PORT in expected and found.type == "NUMERAL":
        return f"write `port {found}`"
    if PORT in expected and found.type in ("NAME", "DOTTED", "GLOB"):
        return f"statements end with `;`; the conditions of rules are {CONDITIONS}"
    if usage and found.type != "RBRACE":
        return f"statements end with `;`, as in `{usage}`"
    return "statements end with `;`"


def _help(expected: Collection[str], usage: str) -> str:
    wanted = one_of(expected)
    if not usage:
        return wanted
    return f"{wanted}, as in `{usage}`" if wanted else f"write it like `{usage}`"


_PATH = pattern(r"/[^\s/*;\"{}][^\s;\"{}]*")


def describe_character(rest: str) -> tuple[str, str, str]:
    """Code, message and help for the text from a character on that begins no token."""
    if rest.startswith('"'):
        return (
            "E0106",
            "this string is not closed on its line",
            'end it with `"`; a line break inside is written `\\n`, a quote `\\"`',
        )
    first = rest[0]
    shown = first if first.isprintable() else f"U+{ord(first):04X}"
    help = "remove it, or put it in a string"
    if path := _PATH.match(rest):
        help = f'write a path in quotes: `"{path.group()[:60]}"`'
    elif rest.startswith(("//", "/*")):
        help = "comments begin with `#`"
    elif rest.startswith("->"):
        help = "influence is written `~>`"
    elif first == "_":
        help = "names begin with a letter"
    elif first in "'`\u2018\u2019\u201c\u201d\u00ab\u00bb":
        help = 'quotes are `"`'
    return "E0107", f"the character `{shown}` has no meaning here", help


def describe_hidden(character: str) -> tuple[str, str]:
    """Message and help for a character that nobody sees."""
    import unicodedata  # for few texts

    number = ord(character)
    if character == "\r":
        return "carriage return U+000D without a line feed", "end lines by LF, or by CR and LF"
    name = unicodedata.name(character, "control character").lower()
    help = f"remove it, or write `\\u{{{number:x}}}` in a string" if number else "remove it"
    return f"{name} U+{number:04X} cannot be seen", help


def _keyword(terminal: str) -> str:
    return terminal.lower().replace("_", "-")


def keywords(expected: Collection[str]) -> list[str]:
    """The words among what could stand somewhere."""
    return [_keyword(e) for e in expected if e not in _NAMES]


def one_of(expected: Collection[str]) -> str:
    """What could stand somewhere; nothing when that is too much to list."""
    words = sorted(_NAMES.get(e) or f"`{_keyword(e)}`" for e in expected)
    if not words or len(words) > _MAX_LISTED:
        return ""
    *others, last = words
    return f"expected {', '.join(others)} or {last}" if others else f"expected {last}"


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
