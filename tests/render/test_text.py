"""Findings as people see them."""

from __future__ import annotations

import re
import unicodedata
from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostic, Related
from compiler.render.text import WIDTH, render_text, summary, visible
from compiler.source import Source, Span
from tests.render.support import DIAGNOSTICS, SOURCES, error_at, source_of

POLICY = 'policy p;\ncell web {\n\tdeny system.modul;\n    root "/x";\n}\n'


def block(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_a_finding_shows_its_line_underlined() -> None:
    source, diagnostic = error_at(POLICY, "system.modul", help="did you mean `system.module`?")
    assert render_text([diagnostic], source) == block("""
        error[E0203]: no such action
         --> p.cell:3:7
          |
        3 |     deny system.modul;
          |          ^^^^^^^^^^^^
          |
          = help: did you mean `system.module`?

        """)


def test_related_places_stand_in_the_order_of_their_lines_and_files() -> None:
    text = "let a = 1;\n\n\nlet a = 2;\n"
    sources = {"a.cell": Source("a.cell", text), "b.cell": Source("b.cell", "use a;")}
    related = (
        Related(Span("b.cell", 4, 5), "used here"),
        Related(Span("a.cell", 4, 5), "first defined here"),
        Related(Span("gone.cell", 4, 5), "and there"),
    )
    again = text.rindex("a")
    found = Diagnostic("E0210", "error", "`a` twice", Span("a.cell", again, again + 1), "", related)
    assert render_text([found], sources) == block("""
        error[E0210]: `a` twice
         --> a.cell:4:5
          |
        1 | let a = 1;
          |     - first defined here
        ...
        4 | let a = 2;
          |     ^
          |
         ::: b.cell:1:5
          |
        1 | use a;
          |     - used here
          |
         ::: gone.cell
          | and there

        """)


def test_two_labels_on_one_line_share_it() -> None:
    source, diagnostic = error_at("deny a b;", "b", related=(Related(Span("p.cell", 5, 6), "not"),))
    assert "1 | deny a b;\n  |      - not\n  |        ^\n" in render_text([diagnostic], source)


def test_a_span_over_lines_shows_the_first_and_names_the_last() -> None:
    source, diagnostic = error_at(POLICY, POLICY[POLICY.index("cell") : -1])
    assert "2 | cell web {\n  | ^^^^^^^^^^ to line 5\n" in render_text([diagnostic], source)
    source, diagnostic = error_at(POLICY, "cell web {\n")
    assert "  | ^^^^^^^^^^\n" in render_text([diagnostic], source)


def test_a_place_after_the_last_line_is_shown() -> None:
    source, diagnostic = error_at("policy p;\n", "")
    end = len("policy p;\n")
    diagnostic = Diagnostic("E0101", "error", "more", Span("p.cell", end, end))
    assert render_text([diagnostic], source) == (
        "error[E0101]: more\n --> p.cell:2:1\n  |\n2 |\n  | ^\n  |\n\n"
    )


def test_a_finding_without_a_place() -> None:
    found = Diagnostic("E0701", "warning", "nothing to do", None, "first\nsecond")
    assert render_text([found], {}) == (
        "warning[E0701]: nothing to do\n  = help: first\n          second\n\n"
    )


def test_wide_and_combining_characters_keep_the_caret_below_its_text() -> None:
    source, diagnostic = error_at("let 日本 e\u0301 x;", "x")
    line, caret = render_text([diagnostic], source).split("\n")[3:5]
    assert line == "1 | let 日本 e\u0301 x;"
    assert caret == "  |            ^"
    source, diagnostic = error_at("a 日本;", "日本")
    assert "  |   ^^^^\n" in render_text([diagnostic], source)


def test_a_long_line_is_cut_around_the_span() -> None:
    source, diagnostic = error_at("x" * 10_000 + "HERE" + "y" * 10_000, "HERE")
    text = render_text([diagnostic], source)
    line, caret = text.split("\n")[3:5]
    assert len(line) == len("1 | ......") + WIDTH
    assert line[caret.index("^") :].startswith("HEREy")
    assert line.endswith("y...")
    assert "p.cell:1:10001" in text


def test_the_end_of_a_long_line_is_not_cut() -> None:
    source, diagnostic = error_at("x" * 500 + "HERE\r\nnext", "HERE")
    line = render_text([diagnostic], source).split("\n")[3]
    assert line == "1 | ..." + "x" * (WIDTH - 4) + "HERE"


def test_a_line_is_cut_without_reading_all_of_it() -> None:
    """A megabyte on one line with a thousand findings must not mean a gigabyte of copies."""
    text = "a " * 500_000
    spans = (Span("p.cell", n * 1000, n * 1000 + 1) for n in range(1000))
    found = [Diagnostic("E0101", "error", "no", span) for span in spans]
    out = render_text(found, {"p.cell": Source("p.cell", text)})
    assert out.count("^") == 1000
    assert len(out) < 1000 * 2 * (WIDTH + 100)


def test_control_characters_are_visible_everywhere() -> None:
    nasty = "\x1b[2J\u202e\x9b\r"
    sources = {"p" + nasty: source_of(f"a{nasty} b")}
    span = Span("p" + nasty, 0, 5)
    found = Diagnostic("E0101", "error", nasty, span, nasty, (Related(span, nasty),))
    assert render_text([found], sources).count("\\u{1b}[2J\\u{202e}\\u{9b}\\u{d}") == 5


def test_colour_is_ours_alone() -> None:
    source, diagnostic = error_at("\x1b[31mdeny\n", "deny", help="no")
    plain = render_text([diagnostic], source)
    coloured = render_text([diagnostic], source, colour=True)
    assert "\x1b[1;31merror[E0203]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in plain


def test_summary_counts_errors_and_warnings() -> None:
    def found(severity: str, number: int) -> list[Diagnostic]:
        kinds = {"error": "error", "warning": "warning", "note": "note"}
        return [Diagnostic("E1", kinds[severity], str(n), None) for n in range(number)]  # type: ignore[arg-type]

    assert summary([]) == ""
    assert summary(found("note", 3)) == ""
    assert summary(found("error", 2) + found("warning", 1)) == "2 errors, 1 warning"
    assert summary(found("error", 1)) == "1 error"


@given(DIAGNOSTICS, SOURCES, st.booleans())
def test_every_finding_renders_without_control_characters(
    diagnostics: list[Diagnostic], sources: dict[str, Source], colour: bool
) -> None:
    out = render_text(diagnostics, sources, colour=colour)
    out = re.sub(r"\x1b\[[0-9;]+m", "", out) if colour else out
    assert all(line.isprintable() for line in out.split("\n"))
    assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE") for c in out)
    assert out.count("\n\n") >= len(diagnostics)


@given(st.text(st.characters()))
def test_visible_text_is_printable_and_keeps_what_was(text: str) -> None:
    assert visible(text).isprintable()
    if text.isprintable():
        assert visible(text) == text


@given(st.text("ab\n\té漢", max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_carets_stand_below_what_they_mark(text: str, start: int, length: int) -> None:
    """On a terminal, seen as a grid of columns, the carets cover the marked characters."""

    def grid(shown: str) -> str:
        return "".join(c * (2 if c == "漢" else 1) for c in shown)

    span = Span("p.cell", min(start, len(text)), min(start + length, len(text)))
    out = render_text([Diagnostic("E1", "error", "m", span)], {"p.cell": source_of(text)})
    line, caret = out.split("\n")[3:5]
    marked = grid(text[span.start : span.end].split("\n")[0].replace("\t", "    "))
    under = grid(line)[caret.index("^") : caret.rindex("^") + 1]
    assert under == marked or (caret.count("^") == 1 and not marked)
