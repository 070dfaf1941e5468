"""Which lines of the C code the tests run: `python -m tests.kmod.coverage` (or `make coverage`).

Runs the tests of the kernel module with code that gcov(1) counts, and prints for each
file how many of its lines ran and which did not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

#: Where the counting programs leave what they are made of, for this module to find.
VARIABLE = "CELLC_COVERAGE"
OPTIONS = ("-O0", "-g", "--coverage", "-fprofile-update=atomic")
_TESTS = ("tests/kmod", "--deselect=tests/kmod/test_cost.py")
_COUNTED = ("cellpolicy_", "secmodel_")

Lines = dict[str, dict[int, int]]


def keep(tree: Path) -> None:
    """Notes a directory whose objects count, when this module runs the tests."""
    folder = os.environ.get(VARIABLE)
    if folder:
        kept = Path(tempfile.mkdtemp(dir=folder))
        for path in [*tree.glob("*.gcno"), *tree.glob("*.c"), *tree.glob("*.h")]:
            shutil.copy(path, kept)
        (kept / "ORIGIN").write_text(str(tree))


def main() -> None:
    """Prints the table; the exit status is that of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, VARIABLE: folder}
        command = [sys.executable, "-m", "pytest", "-q", *_TESTS, "-o", f"cache_dir={folder}/cache"]
        status = subprocess.run(command, env=environment).returncode
        lines: Lines = defaultdict(lambda: defaultdict(int))
        for kept in Path(folder).glob("*/ORIGIN"):
            _add(kept.parent, lines)
    ran = total = 0
    for name in sorted(lines):
        missed = sorted(line for line, count in lines[name].items() if not count)
        ran += len(lines[name]) - len(missed)
        total += len(lines[name])
        print(f"{name:28}{1 - len(missed) / len(lines[name]):8.1%}  {' '.join(map(str, missed))}")
    print(f"{'all':28}{ran / total:8.1%}  of {total} lines")
    sys.exit(status)


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


if __name__ == "__main__":
    main()
