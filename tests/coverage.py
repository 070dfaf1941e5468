"""Which lines of the C code the tests run: `python -m tests.coverage` (or `make coverage`).

Runs the tests of the kernel module and of cellexec(8) with code that counts, and prints for
each file how many of its lines ran and which did not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.counting import VARIABLE, Lines
from tests.kmod.coverage import gather as gather_engine
from tests.rc.coverage import gather as gather_cellexec

_TESTS = (
    *("tests/kmod", "--deselect=tests/kmod/test_cost.py"),
    *("tests/rc/test_cellexec.py", "tests/rc/test_cellexec_failures.py"),
)


def main() -> None:
    """Prints the tables; the exit status is that of the tests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        environment = {**os.environ, VARIABLE: name}
        command = [sys.executable, "-m", "pytest", "-q", *_TESTS, "-o", f"cache_dir={name}/cache"]
        status = subprocess.run(command, env=environment).returncode
        for gather in (gather_engine, gather_cellexec):
            lines: Lines = defaultdict(lambda: defaultdict(int))
            gather(folder, lines)
            _print(lines)
    sys.exit(status)


def _print(lines: Lines) -> None:
    ran = total = 0
    for name in sorted(lines):
        missed = sorted(line for line, count in lines[name].items() if not count)
        ran += len(lines[name]) - len(missed)
        total += len(lines[name])
        print(f"{name:28}{1 - len(missed) / len(lines[name]):8.1%}  {' '.join(map(str, missed))}")
    print(f"{'all':28}{ran / total:8.1%}  of {total} lines")


if __name__ == "__main__":
    main()
