"""The commands of cellc that are measured, and what no Python program can go below."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.generate import SHAPES
from benchmarks.measure import Command

#: A day that no generated policy depends on.
TODAY = ("--today", "2026-01-01")
CELLC = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'cellc'; from compiler.cli.start import main; main()",
)
#: The floor of all others.
INTERPRETER = "python"
#: The floor of builds: see `benchmarks/least.py`.
LEAST = "rows alone"
#: What peers make is one file; this is cellc's nearest to it.
TABLES = "build tables"
#: With scripts for every cell, host settings, and what installs all of it.
WHOLE = "build all"
#: With the certificate, and the check of it: what `cellc build` does by itself.
CERTIFIED = "build certified"


def policy(shape: str, cells: int, folder: Path) -> Path:
    """A policy to measure these commands with."""
    path = folder / f"{shape}-{cells}.cell"
    path.write_text(SHAPES[shape](cells))
    return path


def floors(path: Path) -> dict[str, Command]:
    """What starting Python costs, and making rows for one policy."""
    least = Path(__file__).with_name("least.py")
    return {
        INTERPRETER: Command((sys.executable, "-I", "-c", "pass")),
        LEAST: Command((sys.executable, "-I", str(least), str(path), str(path.parent))),
    }


def cellc(path: Path) -> dict[str, Command]:
    """check and build of one policy."""
    output = path.with_suffix(".build")
    build = (*CELLC, "build", str(path), "-o", str(output), *TODAY)
    plain = (*build, "--no-cert")
    return {
        "check": Command((*CELLC, "check", "--no-cache", str(path), *TODAY)),
        TABLES: Command((*plain, "--backend", "kmod"), output),
        WHOLE: Command(plain, output),
        CERTIFIED: Command(build, output),
    }
