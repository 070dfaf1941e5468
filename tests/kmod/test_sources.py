"""The C files as such: no warning from two compilers for any release, and the same every time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backends.kmod import BACKEND
from backends.kmod.emit import DIRECTORY, IMAGE
from compiler.catalogue.actions import RELEASES
from compiler.ir.ir import IR
from tests.kmod.build import compile_files, module_files, write_tree
from tests.kmod.house import TEXT
from tests.semantics.support import compile_text, must


def policy(release: str) -> IR:
    return must(compile_text(f"policy house;\ntarget netbsd {release};\n{TEXT}")).ir


@pytest.mark.parametrize(
    ("compiler", "release"), [*(("gcc", release) for release in RELEASES[:3]), ("clang", "current")]
)
def test_compiles_without_warnings(compiler: str, release: str, tmp_path: Path) -> None:
    files = module_files(policy(release))
    write_tree(tmp_path, files, release)
    sources = sorted(name for name in files if name.endswith(".c"))
    assert compile_files(compiler, tmp_path, release, ["-fsyntax-only"], sources) == ""


def test_the_same_bytes_every_time() -> None:
    first, second = BACKEND.emit(policy("10.1")), BACKEND.emit(policy("10.1"))
    assert first == second
    assert len({artifact.path for artifact in first}) == len(first)


def test_the_makefile_names_every_source() -> None:
    artifacts = {artifact.path: artifact.content for artifact in BACKEND.emit(policy("11.0"))}
    assert IMAGE in artifacts
    made = artifacts.pop(f"{DIRECTORY}/Makefile").decode()
    sources = {p.rpartition("/")[2] for p in artifacts if p.endswith(".c")}
    assert set(re.findall(r"^SRCS\+?=\t(.*)$", made, re.MULTILINE)) == sources


def test_symbols_are_prefixed(tmp_path: Path) -> None:
    """The kernel has one name space for all modules."""
    for name, content in module_files(policy("10.1")).items():
        text = content.decode()
        for symbol in re.findall(r"^([a-z_0-9]+)\(", text, re.MULTILINE):
            before = text[: text.index(f"\n{symbol}(")].rpartition("\n")[2]
            assert before.startswith("static") or symbol.startswith("cellpolicy_"), (name, symbol)


@pytest.mark.parametrize("name", ["*/ int x; /*", 'a"b\\', "line\nbreak", "??/"])
def test_names_stay_inside_their_place(name: str, tmp_path: Path) -> None:
    from dataclasses import replace

    files = module_files(replace(policy("10.1"), policy=name))
    write_tree(tmp_path, files, "10.1")
    flags = ["-fsyntax-only", "-Wcomment", "-Wtrigraphs"]
    assert compile_files("gcc", tmp_path, "10.1", flags, ["cellpolicy_tables.c"]) == ""
