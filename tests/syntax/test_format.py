"""The format, by examples: tests/syntax/format/CASE/input.cell gives expected.cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax.format import format_source

_FOLDER = Path(__file__).with_name("format")
_CASES = sorted(path.name for path in _FOLDER.iterdir())


def _format(text: str) -> str | None:
    return format_source(Source("input.cell", text), Diagnostics())


@pytest.mark.parametrize("case", _CASES)
def test_case(case: str, request: pytest.FixtureRequest) -> None:
    formatted = _format((_FOLDER / case / "input.cell").read_text("utf-8"))
    assert formatted is not None
    expected = _FOLDER / case / "expected.cell"
    if request.config.getoption("--bless", default=False):
        expected.write_text(formatted, "utf-8")
    assert formatted == expected.read_text("utf-8")


@pytest.mark.parametrize("case", _CASES)
def test_expected_text_is_its_own_format(case: str) -> None:
    expected = (_FOLDER / case / "expected.cell").read_text("utf-8")
    assert _format(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \r\n\t\n", ""),
        ("# only a comment", "# only a comment\n"),
        ("policy p;", "policy p;\n"),
        (
            "policy p;\r\n# c\r\n\r\ntarget netbsd 10.1;\r\n",
            "policy p;\n# c\n\ntarget netbsd 10.1;\n",
        ),
        ('import "a\tb # c";\t# d\t ', 'import "a\tb # c";  # d\n'),
    ],
)
def test_white_space(text: str, expected: str) -> None:
    assert _format(text) == expected


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("policy p; cell {", "E0101", (15, 16)),
        ("cell a { ; }", "E0101", (9, 10)),
        ("{" * 65 + "}" * 65, "E0108", (64, 65)),
        ("cell a { profile high;", "E0103", (22, 22)),
    ],
)
def test_a_file_with_syntax_errors_is_reported(
    text: str, code: str, place: tuple[int, int]
) -> None:
    found = Diagnostics()
    assert format_source(Source("input.cell", text), found) is None
    first = found.sorted()[0]
    assert first.code == code
    assert first.span is not None
    assert first.span[1:] == place
