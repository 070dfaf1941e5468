"""Every policy compiles, passes its own tests and is formatted; all words are in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax.parse import parse_tokens
from compiler.syntax.reference import make_parser
from tests.policies.site import NAMES, POLICIES, TODAY, cellc, copy_site

GOLDEN = Path(__file__).parent / "golden"

#: Laid out by hand, in columns.
AS_WRITTEN = POLICIES / "webfarm" / "webfarm.cell"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_site(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_pass(name: str, site: Path) -> None:
    result = cellc("test", f"{name}/{name}.cell", *TODAY, cwd=site)
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert lines
    assert all(line.startswith("ok ") for line in lines)


def test_lint_finds_nothing(site: Path) -> None:
    """What a rule finds here is mended, or ignored by a comment that says why."""
    result = cellc("check", ".", *TODAY, "--fail-on", "note", cwd=site)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_they_are_formatted() -> None:
    paths = sorted(path for path in POLICIES.rglob("*.cell") if path != AS_WRITTEN)
    result = cellc("fmt", "--check", *paths, cwd=POLICIES)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_readme(name: str) -> None:
    assert (POLICIES / name / "README.md").read_text().startswith(f"# {name}\n")


def test_together_they_use_every_word_of_the_language() -> None:
    terminals = make_parser("policy", None).terminals
    words = {t.name: t.pattern.value for t in terminals if t.pattern.value.isalpha()}
    used: set[str] = set()
    for path in POLICIES.rglob("*.cell"):
        tokens = parse_tokens(Source(path.name, path.read_text()), Diagnostics())
        used |= {token.type for token in tokens or ()}
    assert {value for name, value in words.items() if name not in used} == set()
