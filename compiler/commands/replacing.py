"""Writes the new text of a policy in the place of the old one."""

from __future__ import annotations

import sys

from compiler import rewrite
from compiler.durable import OutputError
from compiler.files import MAX_BYTES
from compiler.render.text import visible


def replace(path: str, before: str, text: str) -> int:
    """Replaces a file that still holds `before`; the exit status, 2 after saying what is wrong.

    A byte order mark stays.
    """
    try:
        held = rewrite.read(path, MAX_BYTES)
        if held.decode("utf-8-sig") != before:
            raise OutputError(f"`{path}` has changed meanwhile", "try again")
        mark = held[: len(held) - len(before.encode())]
        rewrite.replace(path, held, mark + text.encode())
    except OutputError as problem:
        sys.stderr.write(f"cellc: {problem.advice}\n")
        return 2
    except OSError as problem:
        sys.stderr.write(f"cellc: cannot read {visible(path)}: {problem.strerror}\n")
        return 2
    return 0
