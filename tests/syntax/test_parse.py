"""Every construct of the grammar and its tree; errors, their places and words.

corpus/*.txt has a policy a line, each followed by its tree.  errors/*.txt has policies
between lines of dashes, and below each line what is wrong in it, underlined.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostic, Diagnostics
from compiler.source import Source
from compiler.syntax.errors import MAX_ERRORS
from compiler.syntax.parse import parse_policy, parse_request
from compiler.syntax.placement import check_places
from tests.syntax.support import FILE, parse, sketch

_HERE = Path(__file__).parent
_TREE = "    "
_FINDING = re.compile(r" *\^+ (E\d{4}|related): ")
_BETWEEN = "--------\n"


def _names(folder: str) -> list[str]:
    return sorted(path.name for path in (_HERE / folder).iterdir())


def _compare(path: Path, actual: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--bless", default=False):
        path.write_text(actual, "utf-8")
    assert actual == path.read_text("utf-8")


@pytest.mark.parametrize("name", _names("corpus"))
def test_tree(name: str, request: pytest.FixtureRequest) -> None:
    path = _HERE / "corpus" / name
    actual = ""
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith(_TREE):
            statements, wrong = parse(line)
            assert not wrong
            actual += line + "\n" + "".join(f"{_TREE}{sketch(s)}\n" for s in statements)
    _compare(path, actual, request)


def _findings(text: str) -> tuple[Diagnostic, ...]:
    found = Diagnostics()
    check_places(parse_policy(Source(FILE, text), found), "a file", found)
    return found.sorted()


def _underlined(text: str) -> str:
    """The text, and below each line the findings that begin in it."""
    source = Source(FILE, text)
    below: dict[int, list[str]] = {}
    for finding in _findings(text):
        related = [(r.span, f"related: {r.message}") for r in finding.related]
        words = f"{finding.code}: {finding.message}" + f" ({finding.help})" * bool(finding.help)
        for span, message in ((finding.span, words), *related):
            assert span is not None
            line, column = source.position(span.start)
            marks = "^" * max(1, min(span.end - span.start, len(source.line(line)) - column + 1))
            below.setdefault(line, []).append(f"{' ' * (column - 1)}{marks} {message}\n")
    lines = text.splitlines()
    return "".join(line + "\n" + "".join(below.get(n, [])) for n, line in enumerate(lines, 1))


@pytest.mark.parametrize("name", _names("errors"))
def test_errors(name: str, request: pytest.FixtureRequest) -> None:
    path = _HERE / "errors" / name
    cases = path.read_text("utf-8").split(_BETWEEN)
    texts = [
        "".join(line for line in case.splitlines(True) if not _FINDING.match(line))
        for case in cases
    ]
    _compare(path, _BETWEEN.join(map(_underlined, texts)), request)


def test_nested_too_deep() -> None:
    statements, wrong = parse("host {" * 65 + "}" * 65)
    assert statements == ()
    assert [(d.code, d.span) for d in wrong] == [("E0108", (FILE, 6 * 65 - 1, 6 * 65))]
    assert not parse("host {" * 64 + "}" * 64)[1]
    # Braces in strings and comments do not count.
    assert not parse('import "' + "{" * 65 + '"; # ' + "{" * 65)[1]


def test_too_many_errors() -> None:
    statements, wrong = parse("let = 5;\n" * (MAX_ERRORS + 5))
    assert statements == ()
    assert [d.code for d in wrong].count("E0101") == MAX_ERRORS
    assert "E0109" in [d.code for d in wrong]


def test_request() -> None:
    found = Diagnostics()
    request = parse_request(Source(FILE, "{a, host} network.bind tcp port 80"), found)
    assert sketch(request) == "RequestText([a, host], Action([network.bind]), [tcp, 80])".replace(
        "[tcp, 80]", "[Protocol(tcp), Ports(80)]"
    )
    assert not found.sorted()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", (0, 0)),
        ("web", (3, 3)),
        ("web x;", (5, 6)),
        ("web x prt 80", (6, 9)),
        ('web "x"', (4, 7)),
        ("deny web x prt 80", (0, 4)),
        ("web /x", (4, 5)),
    ],
)
def test_broken_request(text: str, place: tuple[int, int]) -> None:
    found = Diagnostics()
    assert parse_request(Source(FILE, text), found) is None
    assert [(d.code, d.span) for d in found.sorted()] == [("E0114", (FILE, *place))]
