"""The page on architecture: its tree is the real one, and its directions are kept."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policies.site import REPOSITORY

PAGE = REPOSITORY / "docs" / "architecture.md"

_TREE = re.compile(r"(?<=<!-- tree -->\n).*(?=<!-- /tree -->)", re.DOTALL)
_FOLDERS = ("grammar", "compiler", "backends", "benchmarks")

#: What may import what: each of these only those before it; siblings share a place.
DIRECTIONS = (
    {"source"},
    {"diagnostics"},
    {"catalogue"},
    {"ir", "syntax"},
    {"names"},
    {"model"},
    {"lowering"},
    {"checks", "driver"},
    {"ledger"},
    {"commands"},
    {"cli"},
)
_HOMES = {
    "lark": r"compiler/syntax/.*",
    "pydantic": r"compiler/(model/.*|catalogue/schema\.py|ir/serialise\.py)",
    "jinja2": r"backends/template\.py",
    "click": r"compiler/cli\.py",
}


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


@functools.cache
def imported(path: Path) -> tuple[str, ...]:
    """The names of the modules that a module imports, and of what it takes from them."""
    return tuple(_imports(ast.parse((REPOSITORY / path).read_text())))


def _imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part(name: str) -> str:
    """What a module of the compiler belongs to: a package, or itself."""
    return name.removesuffix(".py").split(".")[1] if name.count(".") else ""


@pytest.mark.parametrize("path", [*modules("compiler")], ids=str)
def test_imports_go_one_way(path: Path) -> None:
    place = {name: n for n, names in enumerate(DIRECTIONS) for name in names}
    own = place.get(path.with_suffix("").parts[1])
    for name in imported(path):
        assert not name.startswith("backends.") or "commands" in path.parts or own == place["cli"]
        other = place.get(part(name)) if name.startswith("compiler.") else None
        assert own is None or other is None or other <= own, name


@pytest.mark.parametrize("path", [*modules("backends")], ids=str)
def test_backends_see_the_ir_alone(path: Path) -> None:
    allowed = ["compiler.ir", "compiler.catalogue"]
    allowed += [f"backends.{name}" for name in ("artifact", "escape", "template")]
    if len(path.parts) > 2:
        allowed.append(f"backends.{path.parts[1]}")
    ours = [n for n in imported(path) if n.split(".")[0] in ("compiler", "backends")]
    assert [n for n in ours if "." in n and not n.startswith(tuple(allowed))] == []


@pytest.mark.parametrize("package", _HOMES)
def test_each_package_has_one_home(package: str) -> None:
    users = [
        path.as_posix()
        for folder in _FOLDERS
        for path in modules(folder)
        if any(re.match(rf"{package}(_core)?(\.|$)", name) for name in imported(path))
    ]
    assert [path for path in users if not re.fullmatch(_HOMES[package], path)] == []
