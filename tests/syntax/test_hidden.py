"""Characters that a reader of a policy does not see are refused wherever they stand."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax.errors import MAX_ERRORS
from compiler.syntax.format import format_source
from compiler.syntax.hidden import hidden
from tests.syntax.support import FILE, parse

_HIDDEN = (
    *("\0", "\x0b", "\x0c", "\r", "\x1b", "\x7f", "\x85", "\xad", "\u061c", "\u200b", "\u200e"),
    *("\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\U000e0041"),
)
_WHERE = ("{}permissive;", "permissive; # é{}", 'import "a{}b";', "permis{}sive;", "x {} y")


@pytest.mark.parametrize("text", _WHERE)
@pytest.mark.parametrize("character", _HIDDEN, ids=ascii)
def test_it_is_refused_where_it_stands(character: str, text: str) -> None:
    at = text.index("{")
    source = Source(FILE, text.format(character))
    statements, wrong = parse(source.text)
    assert statements == ()
    assert [(d.code, d.span) for d in wrong] == [("E0115", (FILE, at, at + 1))]
    assert f"U+{ord(character):04X}" in wrong[0].message
    found = Diagnostics()
    assert format_source(source, found) is None
    assert found.sorted() == wrong


def test_what_is_hidden() -> None:
    every = [chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n < 0xE000]
    wanted = [c for c in every if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
    text = " ".join(every)
    assert [text[n] for n in hidden(text)] == [c for c in wanted if c not in "\t\n"]
    together = "".join(every)
    assert [together[n] for n in hidden(together)] == [c for c in wanted if c not in "\t\n"]


@pytest.mark.parametrize(
    "text", ["", "# é\r\n", "\r\n\r\n", "\tpermissive;\r\n# \u05e9\xa0\u3000😀\n"]
)
def test_what_is_not(text: str) -> None:
    assert not list(hidden(text))


@pytest.mark.parametrize(("text", "places"), [("\r", [0]), ("\r\r\n", [0]), ("é\r", [1])])
def test_a_carriage_return_stands_before_a_line_feed(text: str, places: list[int]) -> None:
    assert list(hidden(text)) == places


def test_too_many_of_them() -> None:
    codes = [d.code for d in parse("# \0" * 30)[1]]
    assert codes.count("E0115") == MAX_ERRORS
    assert codes.count("E0109") == 1
