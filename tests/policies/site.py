"""The policies of this repository as somebody would keep them: a copy outside of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
POLICIES = REPOSITORY / "policies"

#: The day that all tests compile on.
TODAY = ("--today", "2026-11-24")

NAMES = tuple(sorted(p.parent.name for p in POLICIES.glob("*/*.cell") if p.stem == p.parent.name))


def copy_site(target: Path) -> Path:
    """A copy of all policies, as `target`/policies."""
    return shutil.copytree(POLICIES, target / "policies")


def cellc(
    *arguments: str | Path, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the compiler in a process of its own."""
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", "from compiler.cli.main import main; main()", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a directory with its relative path, in the order of the paths."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a directory."""
    return {name: path.read_bytes() for name, path in files(folder)}
