"""`cellc check --watch`: checks again whenever something that the check looked at changes."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable

from compiler import files
from compiler.files import Notes

#: Seconds between looks: less than people notice, and a look at 1,000 files takes 2 ms.
INTERVAL = 0.1
_CLEAR = "\x1b[H\x1b[2J\x1b[3J"


def watch(check: Callable[[], int]) -> int:
    """Checks until it is interrupted; the exit status."""
    try:
        while True:
            _round(check)
    except KeyboardInterrupt:
        return 0


def _round(check: Callable[[], int]) -> None:
    """One check, and waiting for a reason for the next one."""
    if sys.stdout.isatty() and sys.stderr.isatty():
        sys.stdout.write(_CLEAR)
        sys.stdout.flush()
    with Notes() as notes:
        check()
    sys.stdout.flush()
    count = len(_paths(notes))
    sys.stderr.write(f"cellc: watching {count} path{'s' * (count != 1)}\n")
    sys.stderr.flush()
    gc.collect()
    while True:
        before = _look(notes)
        if not notes.hold():
            return
        while _look(notes) == before:
            time.sleep(INTERVAL)


def _paths(notes: Notes) -> set[str]:
    return {path for _, path in notes.answers}


def _look(notes: Notes) -> list[object]:
    """What changes when an answer does, but is quicker to find out."""
    seen: list[object] = []
    for path in _paths(notes):
        for look in (os.stat, os.lstat):
            try:
                status = look(path)
            except OSError as problem:
                seen.append(problem.errno)
            else:
                seen.append((status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode))
    for kind, path in notes.answers:
        if kind == "below":
            seen.append(files.below(path))
    return seen
