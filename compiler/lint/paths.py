"""Paths of the host, as cells see them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from compiler.ir.ir import Cell


def own_files(cell: Cell) -> Iterator[str]:
    """Where the files lie that belong to a cell; with a base, beside its root as well."""
    if cell.root is not None:
        yield cell.root
        if cell.base is not None:
            yield f"{cell.root}.overlay"


def writable(cell: Cell) -> Iterator[str]:
    """Directories of the host in which a cell can write, as far as file modes let it."""
    yield from own_files(cell)
    yield from (mount.source for mount in cell.mounts if mount.mode == "rw")


def upwards(path: str) -> Iterator[str]:
    """A path and the directories above it, `/` last."""
    while path != "/":
        yield path
        path = posixpath.dirname(path)
    yield path
