"""A host in a directory: the emitted scripts run on it with stubs for NetBSD's programs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backends.rc import BACKEND
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
from compiler.ir.serialise import policy_hash

HERE = Path(__file__).parent
STUBS = HERE / "stubs"
NODES = "security.models.cellpolicy."

#: Paths in the scripts, and where they are on the host in a directory.
_MOVED = re.compile(
    r"/state/|/etc/(?:rc\.|cellpolicy)|/libexec/cellpolicy|/var/run/cellpolicy"
    r"|PATH=/sbin:/bin:/usr/sbin:/usr/bin|/sbin/(?=\w)|-user 0"
)


def policy(*cells: Cell) -> IR:
    """An IR with these cells and no rules, which scripts do not depend on."""
    return IR("webfarm", "10.1", False, (), (), (), cells, (), (), (), HostSettings())


def minimal(name: str = "web", **fields: object) -> Cell:
    bare = Cell(name, 1, False, (), 0, ())
    return replace(bare, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Result:
    status: int
    stdout: str
    stderr: str


class Host:
    """A NetBSD host below `root`; `shell` is what stands for its /bin/sh."""

    def __init__(self, root: Path, shell: str = "dash") -> None:
        self.root = root
        program, *options = shell.split()
        self._shell = [shutil.which(program) or program, *options]
        self.state = root / "state"
        self.run_dir = root / "var/run/cellpolicy"
        for name in ("etc/rc.conf.d", "libexec/cellpolicy", "var/run", "state/sysctl", "cells"):
            (root / name).mkdir(parents=True)
        for name in ("mounts", "fingerprints", "log", "syslog"):
            (self.state / name).touch()
        (root / "etc/rc.conf").touch()
        self._install_stubs()

    def _install_stubs(self) -> None:
        (self.root / "stubs").mkdir()
        for stub in STUBS.iterdir():
            text = stub.read_text().replace("@ROOT@", str(self.root))
            for program in ("sleep", "flock"):
                text = text.replace(f"@{program.upper()}@", shutil.which(program) or program)
            target = self.root / ("etc/rc.subr" if stub.name == "rc.subr" else f"stubs/{stub.name}")
            target.write_text(self._moved(text) if stub.name == "rc.subr" else text)
            target.chmod(0o755)

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

    def run(self, script: str, *verb: str, wait: float = 60) -> Result:
        """Runs `/etc/rc.d/SCRIPT VERB`, with a descriptor open as rc(8) has some."""
        self._forget_the_dead()
        command = f'echo $$ >{self.state}/script; exec "$0" "$@" 7>{self.state}/inherited'
        path = self.root / "etc/rc.d" / script
        done = subprocess.run(
            ["sh", "-c", command, str(path), *verb],
            capture_output=True,
            text=True,
            timeout=wait,
            cwd="/",
            env={"PATH": os.environ["PATH"], "RC_PID": "7"},
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def fail(self, call: int, how: str = "fail") -> None:
        """The `call`-th call of a stub from now on fails, or the script is killed there.

        `how`: "fail"; "kill" before the stub does anything; "late" while it does it.
        """
        (self.state / "failed").unlink(missing_ok=True)
        (self.state / "fail").write_text(f"{call} {how}\n")

    def kill_at(self, command: int) -> None:
        """The script that runs next is killed before its `command`-th command."""
        (self.state / "steps").write_text(f"{command}\n")

    def steps_left(self) -> int:
        """What is left of `kill_at`: 0 or less when the script was killed."""
        path = self.state / "steps"
        left = int(path.read_text())
        path.unlink()
        return left

    def failed(self) -> str | None:
        """The call that failed on order, if it came that far."""
        (self.state / "fail").unlink(missing_ok=True)
        path = self.state / "failed"
        return path.read_text().strip() if path.exists() else None

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
        directory = self.state / "processes"
        pids = [int(path.name) for path in directory.iterdir()] if directory.is_dir() else []
        return [pid for pid in pids if _alive(pid)]

    def _forget_the_dead(self) -> None:
        """Their numbers go to other processes, in long runs even before one is over."""
        for path in (self.state / "processes").glob("*"):
            if not _alive(int(path.name)):
                path.unlink()

    def words(self, name: str = "argv") -> list[str]:
        """Words that a stub recorded, as bytes decoded with surrogates."""
        data = (self.state / name).read_bytes()
        return [word.decode("utf-8", "surrogateescape") for word in data.split(b"\0")[:-1]]

    def running(self, cell: str = "web") -> bool:
        """Whether the supervisor of a cell is alive."""
        pid = self.run_dir / cell / "pid"
        return pid.exists() and _alive(int(pid.read_text()))

    def leftovers(self, cell: str = "web") -> list[str]:
        """Files in the cell's directory below /var/run."""
        directory = self.run_dir / cell
        paths = directory.iterdir() if directory.is_dir() else ()
        locks = {"lock", "supervisor"}
        return sorted(path.name for path in paths if not path.is_dir() and path.name not in locks)

    def close(self) -> None:
        """Ends what the test started."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        for path in self.run_dir.glob("*/pid"):
            pid = int(path.read_text())
            if _alive(pid) and str(self.root).encode() in _command(pid):
                os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


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
