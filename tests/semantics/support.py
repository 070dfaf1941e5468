"""Compiles policy texts for tests."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

from compiler.driver import Compilation, Program, compile_policy
from compiler.render.text import render_text

TODAY = datetime.date(2026, 11, 24)
POLICIES = Path(__file__).parents[2] / "policies"


def compile_text(text: str) -> Compilation:
    """Compiles a policy that stands alone in a directory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.cell"
        path.write_text(text, encoding="utf-8")
        return compile_policy(path, TODAY)


def program(text: str) -> Program:
    """A policy that must compile; its header is added."""
    compilation = compile_text(f"policy test;\ntarget netbsd 10.1;\n{text}")
    return must(compilation)


def must(compilation: Compilation) -> Program:
    """The program of a compilation without errors."""
    shown = render_text(compilation.diagnostics, compilation.sources)
    assert not compilation.failed, shown
    assert compilation.program is not None
    return compilation.program


def root_files() -> list[Path]:
    """The root file of every policy in policies/."""
    return sorted(p for p in POLICIES.glob("*/*.cell") if p.stem == p.parent.name)
