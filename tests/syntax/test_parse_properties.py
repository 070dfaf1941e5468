"""What must hold of the tree of every policy, and of every text that is none."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax import tree as t
from compiler.syntax.build import TreeBuilder
from compiler.syntax.errors import MAX_ERRORS
from compiler.syntax.format import format_source
from compiler.syntax.parse import parse_policy, parse_request
from compiler.syntax.recovery import BLOCKS, LINES
from compiler.syntax.reference import make_parser
from tests.strategies import tokens
from tests.strategies.broken import any_text
from tests.strategies.policies import syntactic_policies
from tests.syntax.support import FILE, nodes, parse, sketch

_LARK = make_parser("policy", TreeBuilder(FILE))


@given(syntactic_policies())
@settings(max_examples=150, deadline=None)
def test_the_flat_tables_and_shortcuts_agree_with_lark(text: str) -> None:
    statements, wrong = parse(text)
    assert not wrong
    assert statements == _LARK.parse(text)


@given(syntactic_policies())
@settings(max_examples=120, deadline=None)
def test_spans_hold_what_they_are_of(text: str) -> None:
    for node in nodes(parse(text)[0]):
        if not hasattr(node, "span"):
            continue
        written = text[node.span.start : node.span.end]
        assert written.strip() == written != ""
        match node:
            case t.Name():
                assert written == node.text
            case t.Number() | t.Text():
                assert written == node.raw
            case t.Annotation():
                assert written.startswith(f"@{node.name}")
            case t.Statement():
                assert written[0].isalpha()
                assert written[-1] in ";}"
        if not isinstance(node, t.Statement):  # its annotations stand before it
            spans = [inner.span for inner in nodes(node) if hasattr(inner, "span")]
            assert all(node.span.start <= s.start and s.end <= node.span.end for s in spans)


_BROKEN = st.sampled_from(
    (
        "let = 5;",
        "let a = 5 % 3;",
        "deny x to;",
        "deny {a, b}.{c};",
        "cell { profile high; limits { core 0; } }",
        "group g = {a, };",
        "frobnicate x;",
        "frobnicate x { y; z { } }",
        "permissive permissive;",
        'import "x;',
        "use t(5;",
        "limits nofile 5;",
        "@reason;",
        ";",
    )
)
_LINE = st.one_of(
    tokens.statement.map(lambda words: (" ".join(words), True)),
    _BROKEN.map(lambda line: (line, False)),
)


@given(st.lists(_LINE, max_size=8), st.sampled_from((("", ""), ("cell c {", "}"))))
@settings(max_examples=150, deadline=None)
def test_a_broken_statement_costs_no_other(
    lines: list[tuple[str, bool]], around: tuple[str, str]
) -> None:
    def text(lines: list[tuple[str, bool]]) -> str:
        return "\n".join((around[0], *(line for line, _ in lines), around[1]))

    good, nothing = parse(text([line for line in lines if line[1]]))
    assert not nothing
    statements, wrong = parse(text(lines))
    assert sketch(statements) == sketch(good)
    source = Source(FILE, text(lines))
    places = [source.position(d.span.start)[0] for d in wrong if d.span is not None]
    assert places == [n for n, (_, right) in enumerate(lines, 2) if not right]


@given(any_text)
@settings(max_examples=300, deadline=None)
def test_any_text_ends_in_a_tree_or_in_errors(text: str) -> None:
    source = Source(FILE, text)
    found, found_by_format, found_in_request = Diagnostics(), Diagnostics(), Diagnostics()
    parse_policy(source, found)
    formatted = format_source(source, found_by_format)
    assert found_by_format.sorted() == found.sorted()
    assert (formatted is None) == found.failed
    request = parse_request(source, found_in_request)
    assert (request is None) == found_in_request.failed
    for finding in found.sorted() + found_in_request.sorted():
        assert re.fullmatch(r"E01\d\d", finding.code)
        for span in (finding.span, *(r.span for r in finding.related)):
            assert span is not None
            assert span.file == FILE
            assert 0 <= span.start <= span.end <= len(text)
    assert len(found.sorted()) <= MAX_ERRORS + 1


def test_recovery_knows_every_word_that_begins_a_statement() -> None:
    words = set()
    for start in ("", "limits {", "service {", 'test "x" {'):
        run: Any = _LARK.parse_interactive(start)
        list(run.iter_parse())
        words |= {name.lower() for name in run.accepts()}
    assert words - {"name", "annotation", "rbrace", "$end"} == BLOCKS | LINES
