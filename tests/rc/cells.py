"""Cells to try scripts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from compiler.ir.ir import (
    IR,
    Cell,
    ExecHash,
    Hook,
    HostSettings,
    Limit,
    Log,
    Mount,
    Provider,
    Restart,
    Service,
)
from tests.rc.support import directories, program


def policy(*cells: Cell) -> IR:
    """An IR with these cells and no rules, which scripts do not depend on."""
    return IR("webfarm", "10.1", False, (), (), (), cells, (), (), (), HostSettings())


def minimal(name: str = "web", **fields: object) -> Cell:
    bare = Cell(name, 1, False, (), 0, ())
    return replace(bare, **fields)  # type: ignore[arg-type]


def full_cell(root: Path, command: Sequence[str]) -> Cell:
    """A cell with every feature, on a host below `root`."""
    directories(root / "base", ("etc", "var/log", "tmp", "usr", "dev"))
    (root / "base/etc/passwd").write_text("www:*:80:80::/:/bin/sh\n")
    directories(root / "cells/web", ("etc", "var", "tmp", "usr", "dev"))
    directories(root, ("srv/www", "srv/data"))
    hook = program(root / "hooks/note", f'echo "$CELL $*" >>{root}/state/hooks')
    return minimal(
        root=f"{root}/cells/web",
        base=f"{root}/base",
        user="www",
        group="80",
        mounts=(
            Mount("ro", f"{root}/srv/www", "/var/www"),
            Mount("rw", f"{root}/srv/data", "/var/data/x"),
        ),
        exec_readonly=True,
        exec_hashes=(ExecHash("/usr/libexec/httpd", "ab" * 32),),
        devices=("null", "zero", "pts"),
        hooks=tuple(
            Hook(when, (hook, when, "two words"))
            for when in ("pre-start", "post-start", "pre-stop", "post-stop")
        ),
        limits=(Limit("nofile", 4096), Limit("core", 0), Limit("as", None)),
        service=Service(
            command=tuple(command),
            require=(Provider("rc", "NETWORKING"), Provider("cell", "data-base")),
            before=(Provider("rc", "LOGIN"),),
            env=(("LANG", "C"),),
            log=Log("daemon", "web", "info", "err"),
            restart=Restart("on-failure", 100, 400),
            healthcheck=("/bin/true", "a b"),
        ),
    )
