"""Disturbs what a script does to the world: see `effects.c`."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_CONTROL = struct.Struct("=iiii4080s")
#: fail: the effect does, as a program with status 1 or a call with EIO.  kill: the script
#: dies before it, and the program that had it.  late: the script dies, the program goes on.
HOWS = ("", "fail", "kill", "late")


@dataclass(frozen=True)
class Step:
    """The `number`-th effect, from 1, with a label: a count of all would vary with waiting."""

    label: str
    number: int


@dataclass(frozen=True)
class Effects:
    """The control file of runs on one host, which is below `root`."""

    root: Path
    library: Path

    @property
    def _path(self) -> Path:
        return self.root / "state/effects"

    def environment(self) -> dict[str, str]:
        """What a script that may be disturbed runs with."""
        return {"EFFECTS": str(self._path), "LD_PRELOAD": str(self.library)}

    def arm(self, step: Step, how: str) -> None:
        """The next run is disturbed at a step."""
        self._write(step, how, False)

    def trace(self, how: str) -> None:
        """Nothing is disturbed, but what could be is noted."""
        self._trace.write_text("")
        self._write(Step("", 0), how, True)

    def _write(self, step: Step, how: str, traced: bool) -> None:
        label = step.label.encode(errors="surrogateescape")
        self._path.write_bytes(_CONTROL.pack(step.number, HOWS.index(how), 0, traced, label))

    def disarm(self) -> bool:
        """Whether the step was reached."""
        left: int = _CONTROL.unpack(self._path.read_bytes())[0]
        self._path.unlink()
        return left <= 0

    @property
    def _trace(self) -> Path:
        return Path(f"{self._path}.trace")

    def noted(self) -> list[Step]:
        """The steps of the run that was traced."""
        seen: Counter[str] = Counter()
        steps = []
        for label in self._trace.read_text(errors="surrogateescape").splitlines():
            seen[label] += 1
            steps.append(Step(label, seen[label]))
        return steps
