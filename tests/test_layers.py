"""What may import what, imports inside functions included."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
OURS = ("grammar", "compiler", "backends", "checker")

#: What all but the checker may import: to other modules they are as the standard library is.
FOUNDATION = ("compiler.digest", "compiler.pattern", "compiler.record", "compiler.runs")

_WORDS = ("compiler.source", "compiler.diagnostics", "compiler.catalogue")
_LOOKS = ("compiler.files",)
_TREE = (*_WORDS, "compiler.syntax")
_IR = (*_WORDS, "compiler.ir")
_MODEL = (*_TREE, *_LOOKS, "compiler.ir", "compiler.names", "compiler.model")
_LOWERED = (*_MODEL, "compiler.lowering")
_ANALYSED = (*_LOWERED, "compiler.analysis")
_ASKED = (*_ANALYSED, "compiler.checks", "compiler.driver", "compiler.sourcemap")
_FILES = (
    *("compiler.durable", "compiler.lock", "compiler.manifest", "compiler.output"),
    "compiler.rewrite",
    "compiler.signing",
)
_EMITTED = ("compiler.ir", "compiler.catalogue", "backends.artifact", "backends.escape")

#: The packages and modules that each may import beside itself; the longest name counts.
LAYERS: dict[str, tuple[str, ...]] = {
    "grammar": (),
    # Texts and findings
    **dict.fromkeys(FOUNDATION, ()),
    "compiler.source": (),
    "compiler.diagnostics": ("compiler.source",),
    "compiler.codes": (),
    "compiler.render": ("compiler.source", "compiler.diagnostics"),
    "compiler.catalogue": (),
    # The stages
    "compiler.syntax": ("compiler.source", "compiler.diagnostics"),
    "compiler.ir": ("compiler.catalogue",),
    "compiler.names": (*_TREE, *_LOOKS, "compiler.ir.ir"),
    "compiler.model": _MODEL,
    "compiler.lowering": (*_IR, "compiler.model"),
    "compiler.analysis": _LOWERED,
    "compiler.checks": _ANALYSED,
    "compiler.driver": (*_LOWERED, "compiler.checks.run"),
    # What can be asked about a compiled policy
    "compiler.sourcemap": ("compiler.source", "compiler.driver", "compiler.lowering.rule_ids"),
    "compiler.analysis.read": _ASKED,
    "compiler.analysis.explain": _ASKED,
    "compiler.analysis.query": _ASKED,
    "compiler.analysis.reasons": _ASKED,
    "compiler.analysis.settings": _ASKED,
    "compiler.analysis.upgrade": _ASKED,
    "compiler.ledger": _ASKED,
    "compiler.certificate": ("compiler.ir", "compiler.catalogue"),
    # Checks what the compiler made, and shares no code with it
    "checker": ("checker",),
    # What can be said about one
    "compiler.lint": _ASKED,
    "compiler.propose": (*_ASKED, "compiler.lint"),
    # What of one is built again
    "compiler.rebuild": (*_ASKED, "compiler.lint", "compiler.ledger", "compiler.cache"),
    # What can be shown of one
    "compiler.graph": (*_ASKED, "compiler.render", "backends.escape"),
    "compiler.report": (
        *(*_ASKED, "compiler.graph", "compiler.ledger", "compiler.lint", "compiler.render"),
    ),
    # Other formats
    "compiler.foreign": _MODEL,
    # Files, and results that hold while they do not change
    "compiler.version": (),
    "compiler.files": (),
    "compiler.cache": (*_LOOKS, "compiler.version"),
    "compiler.replay": (*_LOOKS, "compiler.cache"),
    "compiler.durable": (),
    "compiler.signing": ("compiler.durable",),
    "compiler.manifest": (),
    "compiler.rewrite": ("compiler.durable",),
    "compiler.output": ("compiler.durable", "compiler.manifest"),
    "compiler.lock": ("compiler.source", "compiler.diagnostics", "compiler.durable", *_LOOKS),
    "compiler.revisions": (*_TREE, "compiler.lock", "compiler.names.text"),
    # Commands
    "compiler.fmt": (
        *(*_TREE, *_LOOKS),
        "compiler.durable",
        "compiler.rewrite",
        "compiler.names.project",
        "compiler.render",
    ),
    "compiler.commands": (
        *(*_ASKED, *_FILES, "compiler.codes", "compiler.foreign", "compiler.ledger"),
        *("compiler.certificate", "compiler.lint", "compiler.graph", "compiler.propose"),
        *("compiler.rebuild", "compiler.render", "compiler.report"),
        "compiler.revisions",
        *("compiler.cache", "compiler.version"),
        *("backends.artifact", "checker"),
    ),
    "compiler.cli": (
        *("compiler.cache", "compiler.replay", "compiler.version"),
        "compiler.commands",
        "compiler.fmt",
        "compiler.catalogue.actions",
        "compiler.render.formats",
        "backends.registry",
    ),
    # Backends see the IR and nothing before it
    "backends.artifact": ("compiler.ir",),
    "backends.escape": ("compiler.catalogue",),
    "backends.runtime": ("backends.escape",),
    "backends.compiled": ("backends.runtime",),
    "backends.template": ("backends.compiled", "backends.runtime"),
    "backends.registry": ("backends.artifact",),
    "backends": (*_EMITTED, "backends.template"),
}

#: Where each package that others make is used.
HOMES = {
    "lark": ("compiler.syntax",),
    "pydantic": ("compiler.model", "compiler.catalogue.schema", "compiler.ir.serialise"),
    "pydantic_core": ("compiler.model",),
    "jinja2": ("backends.template", "compiler.report.page"),
    "markupsafe": ("compiler.report.page",),
    "click": ("compiler.cli.main",),
}


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@functools.cache
def _modules() -> dict[str, Path]:
    """Every module of ours by name."""
    found = {}
    for top in OURS:
        for path in sorted((REPOSITORY / top).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def _imports(path: Path) -> Iterator[str]:
    """The modules that a module imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in _modules() else node.module


def _layer(name: str) -> str:
    """The longest name in LAYERS that a module belongs to."""
    return max((layer for layer in LAYERS if _is_in(name, layer)), key=len, default="")


def _package(name: str) -> str:
    """What a module is part of: `compiler.names` of `compiler.names.lets`."""
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("name", _modules())
def test_imports_keep_to_the_layers(name: str) -> None:
    allowed = LAYERS.get(_layer(name), ())
    for other in _imports(_modules()[name]):
        if other.split(".")[0] not in OURS or _package(other) == _package(name):
            continue
        if other in FOUNDATION and not _is_in(name, "checker"):
            continue
        assert any(_is_in(other, layer) for layer in allowed), f"{name} imports {other}"


def test_every_module_has_a_layer() -> None:
    packages = [name for name in _modules() if name not in OURS]
    assert [name for name in packages if not _layer(name)] == []


def test_every_layer_has_modules() -> None:
    assert [layer for layer in LAYERS if not any(_is_in(n, layer) for n in _modules())] == []


def test_the_checks_of_a_compilation_do_not_see_the_driver() -> None:
    asking = [name for name in LAYERS if name.startswith("compiler.analysis.")]
    for name, path in _modules().items():
        inner = _is_in(name, "compiler.checks") or _is_in(name, "compiler.analysis")
        if inner and name not in asking:
            assert not {*_imports(path)} & {*asking, "compiler.driver"}, name


@pytest.mark.parametrize("name", _modules())
def test_other_packages_have_one_home(name: str) -> None:
    for other in _imports(_modules()[name]):
        top = other.split(".")[0]
        if not (top in OURS or top in sys.stdlib_module_names or top[0] == "_"):
            homes = HOMES.get(top, ())
            assert any(_is_in(name, home) for home in homes), f"{name} imports {other}"


def test_the_package_says_nothing_when_imported() -> None:
    """`import compiler` must not import all of it, or every command starts slowly."""
    for top in OURS:
        assert list(_imports(REPOSITORY / top / "__init__.py")) == []


def test_test_folders_are_packages() -> None:
    """Else pytest would take tests/X for the package X that is tested."""
    tests = REPOSITORY / "tests"
    folders = {path.parent for path in tests.rglob("test_*.py")}
    assert [f for f in folders if not (f / "__init__.py").exists()] == []
