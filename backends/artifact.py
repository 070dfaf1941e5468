"""What a backend produces, and what a backend is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from compiler.ir.ir import IR


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of the build directory."""

    path: str
    """Relative to the build directory, with `/`."""
    content: bytes
    mode: int = 0o644


class Backend(Protocol):
    """A pure function from the IR to files: no clock, no host name, no absolute path."""

    name: str

    def emit(self, ir: IR) -> list[Artifact]:
        """The files of this kind, in any order."""
