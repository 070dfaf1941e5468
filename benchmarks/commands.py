"""The commands of cellc that are measured, and what no Python program can go below."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.generate import SHAPES
from benchmarks.measure import Command

#: A day that no generated policy depends on.
_TODAY = ("--today", "2026-01-01")
_CELLC = (
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'cellc'; from compiler.cli.start import main; main()",
)
#: The floor of all others.
INTERPRETER = "python"
#: What peers make is one file; this is cellc's nearest to it.
TABLES = "build tables"
#: With scripts for every cell, host settings, and what installs all of it.
WHOLE = "build all"


def floor() -> dict[str, Command]:
    """What starting Python costs."""
    return {INTERPRETER: Command((sys.executable, "-I", "-c", "pass"))}


def cellc(shape: str, cells: int, folder: Path) -> dict[str, Command]:
    """check and build of one policy."""
    path = folder / f"{shape}-{cells}.cell"
    path.write_text(SHAPES[shape](cells))
    output = folder / f"{shape}-{cells}.build"
    build = (*_CELLC, "build", str(path), "-o", str(output), *_TODAY, *_without_certificate())
    return {
        "check": Command((*_CELLC, "check", "--no-cache", str(path), *_TODAY)),
        TABLES: Command((*build, "--backend", "kmod"), output),
        WHOLE: Command(build, output),
    }


def _without_certificate() -> tuple[str, ...]:
    """The option that leaves out what peers do not make, where `cellc build` has it."""
    from compiler.cli.build import command

    options = {word for parameter in command.parameters for word in parameter.names}
    return tuple({"--no-cert"} & options)
