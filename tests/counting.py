"""How tests know that the lines they run are counted: see `tests/coverage.py`."""

from __future__ import annotations

import os
from pathlib import Path

#: Names the directory where programs that count leave what they are made of.
VARIABLE = "CELLC_COVERAGE"

#: How often each line ran, by name of file.
Lines = dict[str, dict[int, int]]


def folder() -> Path | None:
    """That directory; None when nothing is counted."""
    name = os.environ.get(VARIABLE)
    return Path(name) if name else None
