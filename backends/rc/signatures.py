"""Fingerprints of a cell's programs, as veriexecctl(8) loads them."""

from __future__ import annotations

from compiler.ir.ir import Cell
from compiler.pattern import pattern

#: What mount.subr gives a writable copy of, where the base has it.
OVERLAY = ("etc", "home", "root", "tmp", "var")

#: A blank can be protected by a backslash; nothing else can stand for itself, and a comment
#: begins with `#`.
_UNREADABLE = pattern(r"[\x00-\x1f\x7f\\#]")


def signatures(cell: Cell) -> bytes:
    """One line for each name a program has: veriexec(4) looks at the mount it is reached by.

    Raises ValueError for a path that veriexecctl(8) cannot read.
    """
    lines = []
    for program in cell.exec_hashes:
        for path in _names(cell, program.path):
            if _UNREADABLE.search(path):
                raise ValueError(f"veriexecctl(8) cannot read the path {path!r}")
            lines.append(f"{path.replace(' ', chr(92) + ' ')} SHA256 {program.sha256} direct\n")
    return "".join(lines).encode()


def _names(cell: Cell, path: str) -> tuple[str, ...]:
    """The name below the cell's root, and where the file lies on the host."""
    root = cell.root or ""
    inside = root + path
    for mount in cell.mounts:
        if path.startswith(f"{mount.target}/"):
            return inside, mount.source + path.removeprefix(mount.target)
    if cell.base is None:
        return (inside,)
    if path.split("/")[1] in OVERLAY:
        return inside, f"{root}.overlay{path}"
    return inside, cell.base + path
