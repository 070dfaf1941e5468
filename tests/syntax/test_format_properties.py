"""What must hold of the format of every policy that parses."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostics
from compiler.record import field_names
from compiler.source import Source, Span
from compiler.syntax import tree as t
from compiler.syntax.flat import WIDTH
from compiler.syntax.format import format_source
from compiler.syntax.parse import parse_policy, parse_tokens
from tests.semantics.support import compile_text
from tests.strategies.layout import laid_out
from tests.strategies.policies import semantic_policies, syntactic_policies

_STRING = r'"(?:[^"\\\n]|\\[^\n])*"'
#: A line's text and, if it has one, its comment.
_LINE = re.compile(rf"(?P<text>(?:{_STRING}|[^\"#\n])*)(?P<comment>#[^\n]*)?")


def _format(text: str) -> str:
    found = Diagnostics()
    formatted = format_source(Source("x.cell", text), found)
    assert formatted is not None, found.sorted()
    assert not found.sorted()
    return formatted


def _words(text: str) -> list[tuple[str, str]]:
    """Terminals and text of all tokens and comments."""
    tokens = parse_tokens(Source("x.cell", text), Diagnostics())
    assert tokens is not None
    return [(x.type, x.rstrip() if x.type == "COMMENT" else str(x)) for x in tokens]


def _without_spans(node: Any) -> Any:
    """A tree as nested tuples, places left out."""
    if isinstance(node, Span):
        return None
    if isinstance(node, tuple):
        return tuple(map(_without_spans, node))
    if isinstance(node, t.Statement):
        return (_without_spans(node.node), _without_spans(node.annotations))
    if names := field_names(type(node)):
        return (type(node), *(_without_spans(getattr(node, name)) for name in names))
    return node


def _tree(text: str) -> Any:
    found = Diagnostics()
    statements = parse_policy(Source("x.cell", text), found)
    assert not found.sorted()
    return _without_spans(statements)


@given(syntactic_policies())
@settings(max_examples=120, deadline=None)
def test_only_space_between_tokens_changes(text: str) -> None:
    formatted = _format(text)
    assert _words(formatted) == _words(text)
    assert _tree(formatted) == _tree(text)


@given(syntactic_policies())
@settings(max_examples=120, deadline=None)
def test_the_format_is_its_own_format(text: str) -> None:
    formatted = _format(text)
    assert _format(formatted) == formatted


@given(syntactic_policies())
@settings(max_examples=120, deadline=None)
def test_lines_are_tidy(text: str) -> None:
    formatted = _format(text)
    assert formatted == "" or (formatted[0] not in " \n" and formatted.endswith("\n"))
    lines = formatted.split("\n")[:-1]
    before = "{"
    for line in lines:
        match = _LINE.fullmatch(line)
        assert match is not None, line
        written = match["text"]
        assert line == line.rstrip(), line
        assert "\t" not in re.sub(_STRING, "", written), line
        assert line or not before.rstrip().endswith("{"), "blank line after an opening brace"
        assert line or before, "two blank lines"
        assert before or not line.lstrip().startswith("}"), "blank line before a closing brace"
        if written.strip():
            assert (len(written) - len(written.lstrip(" "))) % 4 == 0, line
        before = line and (written.strip() or "#")
    assert before or not lines, "blank line at the end"


@st.composite
def _untidy(draw: st.DrawFn) -> str:
    """A policy that means something, written untidily."""
    tokens = parse_tokens(Source("x.cell", draw(semantic_policies())), Diagnostics())
    assert tokens is not None
    return draw(laid_out(st.just(tuple(map(str, tokens)))))


@given(_untidy())
@settings(max_examples=30, deadline=None)
def test_the_meaning_stays_rule_ids_and_all(text: str) -> None:
    before, after = compile_text(text), compile_text(_format(text))
    assert [d.code for d in after.diagnostics] == [d.code for d in before.diagnostics]
    assert (after.program and after.program.ir) == (before.program and before.program.ir)


@given(syntactic_policies())
@settings(max_examples=120, deadline=None)
def test_long_lines_hold_nothing_that_could_go_elsewhere(text: str) -> None:
    for line in _format(text).split("\n"):
        match = _LINE.fullmatch(line)
        assert match is not None
        written = match["text"].rstrip()
        if len(written) > WIDTH:
            longest = max(len(word) for word in re.findall(rf"{_STRING}|\S+", written))
            # A word of the longest kind, the keywords it clings to and the indentation.
            assert longest > WIDTH // 4, line
