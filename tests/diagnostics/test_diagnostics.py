"""Every diagnostic, to the letter; and that none is without a case."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from compiler.codes import CODES
from tests.diagnostics.cases import HERE, Case, folders, run
from tests.diagnostics.document import PAGE, document

REPOSITORY = HERE.parents[1]
CASES = folders()
SINGLE = [case for case in CASES if case.code != "many"]
MANY = [case for case in CASES if case.code == "many"]

_CODE = re.compile(r"[EWN]\d{4}")


def _named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@_named(CASES)
def test_what_is_said(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    made = run(case, tmp_path, monkeypatch)
    if request.config.getoption("--bless"):
        case.expected.write_text(made.stderr)
    assert made.stderr == case.expected.read_text()
    assert (made.status != 0) == any(code.startswith("E") for code in made.codes)


@_named(SINGLE)
def test_each_is_about_its_code(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(case, tmp_path, monkeypatch).codes == {case.code} | case.also


@_named(SINGLE)
def test_the_good_one_does_not_have_it(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any(case.path.glob("good*"))
    made = run(case, tmp_path, monkeypatch, good=True)
    assert made.codes <= case.also - {case.code}, made.stderr


@_named(MANY)
def test_many_mistakes_are_found_at_once(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(run(case, tmp_path, monkeypatch).codes) > 2


def test_every_code_has_a_case() -> None:
    assert {case.code for case in SINGLE} == {code.id for code in CODES}


def test_codes_are_unique_and_in_order() -> None:
    ids = [code.id for code in CODES]
    assert ids == sorted(set(ids), key=lambda id: ("EWN".index(id[0]), id))
    assert all(_CODE.fullmatch(id) for id in ids)
    assert len({code.title for code in CODES}) == len(CODES)
    assert all(code.title[0].islower() or code.title[:2].isupper() for code in CODES)
    assert all(code.explanation.endswith(".") for code in CODES)


def _emitted() -> set[str]:
    """The codes in the sources of all stages, as string literals."""
    found: set[str] = set()
    for folder in ("compiler", "backends"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            if path.parent.name != "codes":
                nodes = ast.walk(ast.parse(path.read_text()))
                texts = (n.value for n in nodes if isinstance(n, ast.Constant))
                found |= {t for t in texts if isinstance(t, str) and _CODE.fullmatch(t)}
    return found


def test_what_is_emitted_is_registered() -> None:
    assert _emitted() == {code.id for code in CODES}


def test_pages_name_only_codes_that_exist() -> None:
    known = {code.id for code in CODES}
    for page in (REPOSITORY / "docs").glob("*.md"):
        assert set(re.findall(r"\b[EWN]0\d{3}\b", page.read_text())) <= known, page


@_named(CASES)
def test_wording(case: Case) -> None:
    """Messages are one line in lower case without a final period, and say what to do."""
    text = case.expected.read_text()
    heads = re.findall(r"^(?:error|warning|note)\[\w+\]: (.*)$", text, re.MULTILINE)
    assert heads
    for message in heads:
        first = message.split()[0]
        assert first[0] in "`-" or first == first.lower() or first.startswith("NetBSD"), message
        assert not message.endswith("."), message
        assert message.count("`") % 2 == 0, message
    assert text.count("= help: ") == len(heads), text


def test_the_page_is_current(request: pytest.FixtureRequest) -> None:
    made = document()
    if request.config.getoption("--bless"):
        PAGE.write_text(made)
    assert made == PAGE.read_text()
