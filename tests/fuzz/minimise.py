"""Keeps the fewest of some inputs that take branches which no seed takes.

    python -m tests.fuzz.minimise policy /tmp/fuzz-policy-x/kept

They become files of tests/fuzz/corpus, from where fuzzing starts the next time and which
the test suite runs.  A branch is a pair of lines that ran one after the other.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.fuzz.seeds import CORPUS, ROOT, seeds
from tests.fuzz.targets import TARGETS, Target

Branch = tuple[CodeType, int, int]
_OURS = tuple(str(ROOT / name) for name in ("compiler", "backends", "grammar"))


def branches(target: Target, data: bytes) -> set[Branch]:
    """The branches of cellc that an input takes."""
    found: set[Branch] = set()
    last: dict[FrameType, int] = {}

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        found.add((frame.f_code, last.get(frame, 0), frame.f_lineno))
        last[frame] = frame.f_lineno
        if event == "return":
            last.pop(frame, None)
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(_OURS) else None

    sys.settrace(call)
    try:
        target(data)
    finally:
        sys.settrace(None)
    return found


def fewest(target: Target, known: set[Branch], inputs: list[bytes]) -> list[bytes]:
    """Inputs that together take every branch that is not known, chosen greedily."""
    new = {data: branches(target, data) - known for data in sorted(inputs, key=len)}
    kept = []
    while new := {data: found for data, found in new.items() if found}:
        best = max(new, key=lambda data: len(new[data]))
        kept.append(best)
        taken = new.pop(best)
        new = {data: found - taken for data, found in new.items()}
    return kept


def main() -> None:
    """Writes the inputs that are kept."""
    if len(sys.argv) != 3 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz.minimise {{{','.join(TARGETS)}}} DIRECTORY")
    name, folder = sys.argv[1], Path(sys.argv[2])
    target = TARGETS[name]
    target(b"")  # what happens once, such as imports, belongs to no input
    known = {branch for data in seeds(name) for branch in branches(target, data)}
    kept = fewest(target, known, [path.read_bytes() for path in sorted(folder.iterdir())])
    for data in kept:
        (CORPUS / f"{name}-{hashlib.sha1(data).hexdigest()[:10]}").write_bytes(data)
    sys.stderr.write(f"{len(kept)} inputs kept\n")


if __name__ == "__main__":
    main()
