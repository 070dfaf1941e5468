"""Directories that lie in each other."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator


def overlap(path: str, other: str) -> bool:
    """Whether one of two directories is the other, or lies in it."""
    return f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/")


class Below:
    """Who sees directories (bits of a frame), asked by a path inside or around them."""

    def __init__(self, seen: dict[str, int]) -> None:
        self._at = seen
        self._within: dict[str, int] = {}
        """What is seen at or below each directory."""
        for path, bits in seen.items():
            for directory in upwards(path):
                self._within[directory] = self._within.get(directory, 0) | bits

    def touching(self, path: str) -> int:
        bits = self._within.get(path, 0)
        for directory in upwards(path):
            bits |= self._at.get(directory, 0)
        return bits


def upwards(path: str) -> Iterator[str]:
    """A path and every directory above it, `/` at last."""
    while True:
        yield path
        if path in ("/", ""):
            return
        path = posixpath.dirname(path)
