"""`cellc check --fix` and `--diff`: writes what was repaired, or shows it."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from compiler import rewrite
from compiler.commands.replacing import replace
from compiler.lint.fix import Repair, repair
from compiler.lint.settings import Settings
from compiler.names.project import policy_root
from compiler.render.text import visible


def fix(policies: Sequence[tuple[Path, Settings]], today: datetime.date, diff: bool) -> int:
    """Repairs policies one after the other; the exit status.

    With `diff` nothing is written, and the status is 1 if something would be.
    """
    status = fixed = 0
    for path, settings in policies:
        others = [other for other, _ in policies if other != path]
        done = repair(path, settings, today, others)
        root = policy_root(path)
        taken = 0
        for name, text in done.texts.items():
            place = os.path.relpath(root / name)
            taken = max(taken, _take(place, done.before[name], text, diff))
        status = max(status, taken)
        fixed += 0 if taken else len(done.fixed)
        _say_refused(done)
    if fixed:
        sys.stderr.write(f"cellc: fixed {fixed} finding{'s' * (fixed > 1)}\n")
    return status


def _take(path: str, before: str, text: str, diff: bool) -> int:
    """Writes a new text, or shows what would change; the exit status."""
    if diff:
        sys.stdout.write(rewrite.difference(before, text, visible(path)))
        return 1
    return replace(path, before, text)


def _say_refused(done: Repair) -> None:
    for diagnostic, why in done.refused:
        sys.stderr.write(f"cellc: not fixed: {diagnostic.code}: {diagnostic.message}: {why}\n")
