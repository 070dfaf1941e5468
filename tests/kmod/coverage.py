"""Counts which lines of the kernel module run, with gcov(1)."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.counting import Lines, folder

OPTIONS = ("-O0", "-g", "--coverage", "-fprofile-update=atomic")
_COUNTED = ("cellpolicy_", "secmodel_")


def keep(tree: Path) -> None:
    """Notes a directory whose objects count, when lines are counted."""
    place = folder()
    if place is not None:
        kept = Path(tempfile.mkdtemp(dir=place))
        for path in [*tree.glob("*.gcno"), *tree.glob("*.c"), *tree.glob("*.h")]:
            shutil.copy(path, kept)
        (kept / "ORIGIN").write_text(str(tree))


def gather(place: Path, lines: Lines) -> None:
    """Adds how often the lines of the module ran in the programs kept in a directory."""
    for kept in place.glob("*/ORIGIN"):
        _add(kept.parent, lines)


def _add(kept: Path, lines: Lines) -> None:
    """Adds what gcov says of one directory."""
    for counts in Path((kept / "ORIGIN").read_text()).glob("*.gcda"):
        shutil.copy(counts, kept)
    found = [path.name for path in kept.glob("*.gcda")]
    if not found:
        return
    done = subprocess.run(
        ["gcov", "--json-format", "--stdout", *found], cwd=kept, capture_output=True, text=True
    )
    for text in done.stdout.splitlines():
        for file in json.loads(text)["files"]:
            name = Path(file["file"]).name
            if name.startswith(_COUNTED) and name.endswith(".c") and "shim" not in file["file"]:
                for line in file["lines"]:
                    lines[name][line["line_number"]] += line["count"]
