"""The page on architecture: its tree is the real one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policies.site import REPOSITORY

PAGE = REPOSITORY / "docs" / "architecture.md"

_TREE = re.compile(r"(?<=<!-- tree -->\n).*(?=<!-- /tree -->)", re.DOTALL)
_FOLDERS = ("grammar", "compiler", "backends", "benchmarks")


def modules(folder: str) -> Iterator[Path]:
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        yield path.relative_to(REPOSITORY)


def summary(path: Path) -> str:
    """The first line of a module, or of a chapter of the grammar."""
    text = (REPOSITORY / path).read_text()
    if path.suffix == ".lark":
        words = " ".join(line.removeprefix("// ") for line in text.split("\n\n")[0].splitlines())
        return words.split(". ")[0].removesuffix(".") + "."
    return (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]


def tree() -> str:
    """Every package, and every file in it with what it is."""
    lines = []
    for folder in _FOLDERS:
        for package in sorted({path.parent for path in modules(folder)}):
            lines += ["", f"{package}/  {summary(package / '__init__.py')}"]
            inside = [p.relative_to(REPOSITORY) for p in (REPOSITORY / package).iterdir()]
            files = sorted(p for p in inside if p.suffix in (".py", ".lark"))
            rows = [(p.name, summary(p)) for p in files if p.name != "__init__.py"]
            width = max((len(name) for name, _ in rows), default=0)
            lines += [f"    {name:{width}}  {words}" for name, words in rows]
    return "```\n" + "\n".join(lines[1:]) + "\n```\n"


def test_the_tree_is_complete(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--bless"):
        PAGE.write_text(_TREE.sub(lambda _: tree(), PAGE.read_text()))
    found = _TREE.search(PAGE.read_text())
    assert found is not None
    assert found[0] == tree(), "run `make bless`"
