"""Standard input, for commands that read it."""

from __future__ import annotations

import io
import sys
from typing import TextIO


def standard_input() -> TextIO:
    """Standard input, in UTF-8 whatever the locale.

    Raises SystemExit (2) after saying so where there is none.
    """
    # Python has None for a stream that is closed, whatever its type says.
    if sys.stdin is None:
        sys.stderr.write("cellc: standard input is closed: name a file instead of `-`\n")
        sys.exit(2)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdin
