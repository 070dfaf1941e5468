"""Counts which lines of cellexec(8) run, with clang(1).

cellexec changes its root, its user and at last itself, so nothing can be written when it
ends.  The counters are a file that is mapped from the start.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.counting import Lines, folder

_PROGRAM = "cellexec"


def compiler(otherwise: list[str]) -> list[str]:
    """What compiles cellexec when lines are counted."""
    place = folder()
    if place is None:
        return otherwise
    counts = Path(tempfile.mkdtemp(dir=place, prefix="counts-"))
    counts.chmod(0o777)
    return [
        *("clang", "-O0", "-g", "-fcoverage-mapping", "-mllvm", "-runtime-counter-relocation"),
        f"-fprofile-instr-generate={counts}/%p%c.profraw",
    ]


def keep(program: Path) -> None:
    """Notes the program, when lines are counted."""
    place = folder()
    if place is not None:
        shutil.copy(program, place / _PROGRAM)


def gather(place: Path, lines: Lines) -> None:
    """Adds how often the lines of cellexec ran."""
    profile = str(place / "profile")
    counts = map(str, place.glob("counts-*/*.profraw"))
    subprocess.run(["llvm-profdata", "merge", "-o", profile, *counts], check=True)
    done = subprocess.run(
        ["llvm-cov", "export", "-format=lcov", f"-instr-profile={profile}", place / _PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    name = ""
    for text in done.stdout.splitlines():
        key, _, value = text.partition(":")
        if key == "SF":
            name = Path(value).name if "shim" not in value else ""
        elif key == "DA" and name:
            number, count = value.split(",")[:2]
            lines[name][int(number)] += int(count)
