"""A fake of the kernel's sysctl nodes, for cellexec(8) as a program of this host."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

#: Names of the statuses that cellexec(8) documents.
USAGE, NO_CELL, NO_POLICY, USER, GROUP, ROOT, LIMIT = range(64, 71)
IDENTITY, ENTER, SETUP, IMAGE, LOAD, CONFIRM, HOST_ROOT, SIGNAL = range(71, 79)

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root changes its root and user")


class Kernel:
    """The fake kernel's nodes, and a root for the cell `web` with id 7."""

    def __init__(self, directory: Path, programs: Path) -> None:
        self.nodes = directory / "nodes"
        self.root = directory / "root"
        self.program = programs / "cellexec"
        self.nodes.mkdir()
        self.set(cells="1 web-2 enforcing 0 0\n7 web enforcing 2 0\n", generation="1", hash="abc")
        for name in ("etc", "bin"):
            (self.root / name).mkdir(parents=True)
        (self.root / "marker").touch()
        shutil.copy(programs / "state", self.root / "bin/state")
        (self.root / "bin/plain").write_text("not executable")
        self.passwd("root:*:0:0::/root:/bin/sh", "www:*:1080:1081:W:/var/www:/sbin/nologin")
        self.group("wheel:*:0:root", "ssl:*:1090:other,www", "www:*:1081:", "mail:*:1091:wwww,ww")

    def set(self, **nodes: str) -> None:
        for name, value in nodes.items():
            (self.nodes / name.replace("_", ".")).write_text(value)

    def passwd(self, *lines: str) -> None:
        (self.root / "etc/passwd").write_text("".join(f"{line}\n" for line in lines))

    def group(self, *lines: str) -> None:
        (self.root / "etc/group").write_text("".join(f"{line}\n" for line in lines))

    def log(self) -> str:
        path = self.nodes / "log"
        return path.read_text() if path.exists() else ""

    def run(
        self,
        *args: str,
        fds: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        before: Callable[[], object] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs cellexec, and something in its process before.

        Options end at the first argument that is none, as on NetBSD.
        """
        return subprocess.run(
            [str(self.program), *args],
            capture_output=True,
            text=True,
            timeout=20,
            pass_fds=fds,
            preexec_fn=before,
            env={
                "SHIM_SYSCTL": str(self.nodes),
                "POSIXLY_CORRECT": "1",
                "ASAN_OPTIONS": "detect_leaks=0",
                **(env or {}),
            },
        )

    def state(
        self, *args: str, fds: Sequence[int] = (), before: Callable[[], object] | None = None
    ) -> list[str]:
        """What the program state prints, entered with these options."""
        done = self.run("-c", str(self.root), *args, fds=fds, before=before)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()
