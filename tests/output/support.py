"""Builds to write, trees to compare, and processes that die at a chosen system call."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backends.artifact import Artifact
from compiler.manifest import Origin

ORIGIN = Origin(policy="ab" * 32, version="0.1.0", tool="cd" * 32)

#: Everything through which `compiler.durable` and `compiler.output` change the disk.
CALLS = (
    *("open", "write", "fchmod", "close", "fsync", "sync", "unlink"),
    *("mkdir", "makedirs", "chmod", "rename", "rmdir"),
)

Tree = dict[str, tuple[bytes, int]]


def build(text: str) -> list[Artifact]:
    """A small build; what it holds depends on `text` in every file but one."""
    return [
        Artifact("policy.ir.json", text.encode()),
        Artifact("rc.d/cell_web", b"#!/bin/sh\n" + text.encode(), 0o755),
        Artifact("kmod/secmodel_cellpolicy/Makefile", b"KMOD=\tsecmodel_cellpolicy\n"),
        Artifact(f"kmod/{text}.c", b""),
    ]


def tree(directory: Path) -> Tree | None:
    """Contents and permissions of all files below a directory; None if there is none."""
    if not directory.is_dir():
        return None
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mode & 0o7777)
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def dies_at(call: int, action: Callable[[], object]) -> bool:
    """Runs `action` in a child that is killed at its n-th call of CALLS; whether it was.

    Half of what a write(2) should write is written before.
    """
    child = os.fork()
    if child == 0:
        _arm(call)
        try:
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


def _arm(fatal: int) -> None:
    count = 0

    def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **keywords: Any) -> Any:
            nonlocal count
            count += 1
            if count == fatal:
                if name == "write":
                    real(args[0], args[1][: len(args[1]) // 2])
                os._exit(9)
            return real(*args, **keywords)

        return wrapper

    for name in CALLS:
        setattr(os, name, wrap(name, getattr(os, name)))
