"""A host in a directory: the emitted scripts run on it with stubs for NetBSD's programs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backends.rc import BACKEND
from compiler.ir.ir import (
    IR,
)
from compiler.ir.serialise import policy_hash
from tests.rc.effects import Effects
from tests.rc.processes import alive, await_end, command, everybody, session, started

HERE = Path(__file__).parent
RC_SUBR = HERE / "stubs/rc.subr"
STUBS = (
    *("cellexec", "flock", "launch", "logger", "modload", "modunload", "mount", "mount_null"),
    *("mount_ptyfs", "mount_tmpfs", "pax", "ps", "sleep", "sysctl", "umount", "veriexecctl"),
)
NODES = "security.models.cellpolicy."

#: Paths in the scripts, and where they are on the host in a directory.
_MOVED = re.compile(
    r"/etc/(?:rc\.|cellpolicy)|/libexec/cellpolicy|/var/run/cellpolicy"
    r"|PATH=/sbin:/bin:/usr/sbin:/usr/bin|/sbin/(?=\w)|-user 0"
)


@dataclass(frozen=True)
class Result:
    status: int
    stdout: str
    stderr: str


class Host:
    """A NetBSD host below `root`; `shell` is what stands for its /bin/sh.

    `programs` is a directory with what `compiling.compile_stubs` makes, and an rc.subr.
    """

    def __init__(self, root: Path, programs: Path, shell: str = "dash") -> None:
        self.root = root
        program, *options = shell.split()
        self._shell = [shutil.which(program) or program, *options]
        self.state = root / "state"
        self.run_dir = root / "var/run/cellpolicy"
        self.effects = Effects(root, programs / "effects.so")
        self.sessions: set[int | None] = set()
        self.environment: dict[str, str] = {}
        for name in ("etc/rc.conf.d", "libexec/cellpolicy", "var/run", "state/sysctl", "cells"):
            (root / name).mkdir(parents=True)
        for name in ("mounts", "fingerprints", "log", "syslog"):
            (self.state / name).touch()
        (root / "etc/rc.conf").touch()
        (root / "etc/rc.subr").write_text(self._moved((programs / "rc.subr").read_text()))
        (root / "stubs").mkdir()
        for name in STUBS:
            self.restore_stub(name)

    def replace_stub(self, name: str, text: str) -> None:
        """Puts a shell script in the place of a stub."""
        path = self.root / "stubs" / name
        path.unlink()
        program(path, text)

    def restore_stub(self, name: str) -> None:
        path = self.root / "stubs" / name
        path.unlink(missing_ok=True)
        path.hardlink_to(self.effects.library.with_name("stub"))

    def _moved(self, text: str) -> str:
        def place(match: re.Match[str]) -> str:
            found = match[0]
            if found.startswith("PATH="):
                return f"PATH={self.root}/stubs:{os.environ['PATH']}"
            if found == "/sbin/":
                return f"{self.root}/stubs/"
            if found == "-user 0":
                return f"\\( -user 0 -o -user {os.getuid()} \\)"
            return f"{self.root}{found}"

        return _MOVED.sub(place, text)

    def install(self, ir: IR, loaded: bool = True) -> None:
        """Puts the scripts in place; `loaded` says whether the kernel has the policy."""
        for artifact in BACKEND.emit(ir):
            top = artifact.path.split("/")[0]
            if top not in ("rc.d", "rc.conf.d", "libexec"):
                continue
            target = self.root / ("" if top == "libexec" else "etc") / artifact.path
            target.parent.mkdir(parents=True, exist_ok=True)
            text = self._moved(artifact.content.decode())
            text = text.replace("#!/bin/sh\n", f"#!{' '.join(self._shell)}\n", 1)
            target.write_text(text)
            target.chmod(artifact.mode)
        nodes = {
            "name": "cellpolicy\n",
            "mode": "enforcing\n",
            "generation": "1\n",
            "hash": policy_hash(ir) + "\n",
            "cells": "".join(f"{cell.id} {cell.name} enforcing COUNT 0\n" for cell in ir.cells),
        }
        for directory in ("module", "sysctl") if loaded else ("module",):
            (self.state / directory).mkdir(exist_ok=True)
            for name, value in nodes.items():
                (self.state / directory / f"{NODES}{name}").write_text(value)
        (self.state / "module/name").touch()

    def disturb_supervisor(self) -> None:
        """From now on `effects` are those of supervisors that start, not those of scripts."""
        path = self.root / "libexec/cellpolicy/supervise"
        settings = " ".join(f"{k}={v}" for k, v in self.effects.environment().items())
        shell = " ".join(self._shell)
        again = f'[ -n "$EFFECTS" ] || {settings} exec {shell} "$0" "$@"'
        first, rest = path.read_text().split("\n", 1)
        path.write_text(f"{first}\n{again}\n{rest}")

    def run(self, script: str, *verb: str, wait: float = 60, disturbed: bool = False) -> Result:
        """Runs `/etc/rc.d/SCRIPT VERB`, with a descriptor open as rc(8) has some.

        It may be `disturbed` as `effects` says.  What it leaves behind may still run then.
        """
        return self._launched([str(self.root / "etc/rc.d" / script), *verb], wait, disturbed)

    def run_all(self, verb: str, *scripts: str) -> Result:
        """Runs scripts as rc(8) and rc.shutdown(8) do: each is read by a subshell."""
        rc = (
            f". {self.root}/etc/rc.subr; verb=$1; shift;"
            f' for script; do run_rc_script "{self.root}/etc/rc.d/$script" $verb; done'
        )
        return self._launched([*self._shell, "-c", rc, "rc", verb, *scripts])

    def _launched(self, command: list[str], wait: float = 60, disturbed: bool = False) -> Result:
        self._forget_the_dead()
        output = [self.state / "stdout", self.state / "stderr"]
        with output[0].open("w") as out, output[1].open("w") as errors:
            running = subprocess.Popen(
                [self.root / "stubs/launch", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                cwd="/",
                start_new_session=True,
                env={
                    **self.environment,
                    "PATH": os.environ["PATH"],
                    "RC_PID": "7",
                    **(self.effects.environment() if disturbed else {}),
                },
            )
        self.sessions.add(running.pid)
        await_end(running, wait)
        return Result(running.wait(), *(path.read_text() for path in output))

    def mounts(self) -> list[str]:
        return (self.state / "mounts").read_bytes().decode().split("\n")[:-1]

    def log(self, *programs: str) -> list[str]:
        """The calls since the last time, or those of some programs."""
        path = self.state / "log"
        calls = path.read_text().replace(str(self.root), "").split("\x1e")[:-1]
        path.write_text("")
        return [call for call in calls if not programs or call.split(" ")[0] in programs]

    def processes(self) -> list[int]:
        """Processes of cells that are alive."""
        return [pid for pid, lives in self._entries().items() if lives]

    def _entries(self) -> dict[int, bool]:
        """Processes that were entered in the list, and whether they live."""
        folder = self.state / "processes"
        entries = {}
        for name in os.listdir(folder) if folder.is_dir() else ():
            words = (folder / name).read_text().split()
            start = started(int(name))
            entries[int(name)] = str(start) == words[1] if len(words) > 1 else start is not None
        return entries

    def _forget_the_dead(self) -> None:
        for pid, lives in self._entries().items():
            if not lives:
                (self.state / "processes" / str(pid)).unlink()

    def stragglers(self) -> list[str]:
        """What runs yet of all that scripts started on the host, not in cells."""
        ours = {pid: leader for pid in everybody() if (leader := session(pid)) in self.sessions}
        # A session that is over does not come back, but its number does.
        self.sessions &= set(ours.values())
        return sorted(command(pid).replace(b"\0", b" ").decode() for pid in ours)

    def words(self, name: str = "argv") -> list[str]:
        """Words that a stub recorded, as bytes decoded with surrogates."""
        data = (self.state / name).read_bytes()
        return [word.decode("utf-8", "surrogateescape") for word in data.split(b"\0")[:-1]]

    def supervisor(self, cell: str = "web") -> int | None:
        """The pid of the supervisor of a cell that is alive."""
        try:
            pid = int((self.run_dir / cell / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if alive(pid) and str(self.root).encode() in command(pid) else None

    def running(self, cell: str = "web") -> bool:
        return self.supervisor(cell) is not None

    def leftovers(self, cell: str = "web") -> list[str]:
        """Files in the cell's directory below /var/run."""
        directory = self.run_dir / cell
        paths = directory.iterdir() if directory.is_dir() else ()
        locks = {"lock", "supervisor"}
        return sorted(path.name for path in paths if not path.is_dir() and path.name not in locks)

    def close(self) -> None:
        """Ends what the test started."""
        supervisors = [self.supervisor(path.name) for path in self.run_dir.glob("*")]
        for pid in filter(None, (*self.processes(), *supervisors)):
            os.kill(pid, signal.SIGKILL)


def eventually(check: object, seconds: float = 10) -> bool:
    """Whether `check()` becomes true within some time."""
    assert callable(check)
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def program(path: Path, text: str) -> str:
    """Writes a shell script to be run as a command or hook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def directories(root: Path, names: Iterable[str]) -> None:
    for name in names:
        (root / name).mkdir(parents=True, exist_ok=True)
