"""A host with a cell that crashes are tried on, and another one that must not notice."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path

from compiler.ir.ir import IR, Cell, Mount, Service
from tests.rc.cells import full_cell, minimal, policy
from tests.rc.support import Host, Result, directories, eventually


@dataclass(frozen=True)
class State:
    """What can be seen of a cell: files without pids, mounts, processes."""

    files: dict[str, str]
    mounts: list[str]
    supervised: bool
    processes: int
    stragglers: list[str]


@dataclass
class Farm:
    """`versions` are policies with the cell `name` to change between; the first is installed.

    `root` is the root of that cell, and `script` what follows `cell_` in names of its scripts.
    """

    host: Host
    script: str
    name: str
    versions: tuple[IR, ...]
    root: Path | None
    installed: int = 0
    disturb_supervisor: bool = False
    _up: dict[int, State] = field(default_factory=dict)
    _down: State | None = None
    _neighbour: int | None = None

    def begin(self) -> None:
        """Starts the other cell, and notes what up and down look like without a crash."""
        host = self.host
        host.install(self.versions[self.installed])
        assert host.run("cell_neighbour", "start").status == 0
        assert eventually(lambda: len(host.processes()) == 1)
        self._neighbour = host.supervisor("neighbour")
        host.sessions.clear()
        # At first each makes the directories to mount on, which stay.
        numbers = range(len(self.versions))
        for number in (*numbers, *numbers):
            self.upgrade(number)
            self.must("start")
            self._settle()
            self._up[number] = self.state()
            self.must("stop")
            assert eventually(self._is_still)
            self._down = self.state()

    def bring(self, up: bool) -> None:
        """Up or down, if it is not so already."""
        if self.state() != (self._up[self.installed] if up else self._down):
            self.must("restart" if up else "stop")
            self.is_up() if up else self.is_down()

    def run(self, verb: str, disturbed: bool = False) -> Result:
        return self.host.run(f"cell_{self.script}", verb, disturbed=disturbed)

    def must(self, verb: str) -> None:
        result = self.run(verb)
        assert result.status == 0, f"{verb}: {result.stderr}"

    def upgrade(self, number: int) -> None:
        self.installed = number
        self.host.install(self.versions[number])
        if self.disturb_supervisor:
            self.host.disturb_supervisor()

    def crash(self) -> None:
        """The power fails for the cell: processes and mounts are gone, files stay, even /var/run.

        The other cell, which is none of the script's business, goes on.
        """
        host = self.host
        if supervisor := host.supervisor(self.name):
            os.kill(supervisor, signal.SIGKILL)
        neighbours = self._processes_of("neighbour")
        for pid in set(host.processes()) - neighbours:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: set(host.processes()) == neighbours)
        assert eventually(lambda: not host.stragglers())
        assert self._down is not None
        text = "".join(f"{line}\n" for line in self._down.mounts)
        (host.state / "mounts").write_text(text)

    def forget_overlay(self) -> None:
        """The next start is the cell's first one."""
        if self.root is not None:
            shutil.rmtree(f"{self.root}.overlay", ignore_errors=True)

    def state(self) -> State:
        host = self.host
        run = host.run_dir / self.name
        mounts = host.mounts()
        files = self._files(run)
        if self.root is not None:
            files |= self._files(self.root)
            # What was copied there for the cell stays there when it is down.
            if any(f" on {self.root}/etc type " in line for line in mounts):
                files |= self._files(Path(f"{self.root}.overlay"))
        return State(
            files,
            mounts,
            host.running(self.name),
            len(host.processes()) - len(self._processes_of("neighbour")),
            host.stragglers(),
        )

    def _files(self, top: Path) -> dict[str, str]:
        found = {}
        for folder, _, names in os.walk(top):
            found[folder] = ""
            for path in (Path(folder, name) for name in names):
                readable = path.is_file() and path.name != "pid"
                found[str(path)] = path.read_text() if readable else ""
        return found

    def _processes_of(self, cell: str) -> set[int]:
        folder = self.host.state / "processes"
        return {
            pid
            for pid in self.host.processes()
            if (folder / str(pid)).read_text().startswith(f"{cell} ")
        }

    def _settle(self) -> None:
        """The service has taken the place of cellexec(8), and the loggers are there."""
        service = self._service()
        assert eventually(lambda: self.state().processes == (1 if service else 0))
        assert eventually(lambda: len(self.host.stragglers()) == (3 if service else 0))

    def _is_still(self) -> bool:
        state = self.state()
        return not (state.supervised or state.processes or state.stragglers)

    def _service(self) -> bool:
        cells = self.versions[self.installed].cells
        return next(cell for cell in cells if cell.name == self.name).service is not None

    def _becomes(self, wanted: State, *others: State) -> None:
        if not eventually(lambda: self.state() in (wanted, *others)):
            found = self.state()
            assert not wanted.files.items() ^ found.files.items()
            assert wanted.mounts == found.mounts
            assert wanted == found
        assert self._neighbour == self.host.supervisor("neighbour") is not None
        assert len(self._processes_of("neighbour")) == 1

    def looks_down(self) -> bool:
        return self.state() == self._down

    def is_up(self) -> None:
        self._becomes(self._up[self.installed])

    def is_still_up(self) -> None:
        """As it is installed, or as it was before that."""
        self._becomes(self._up[self.installed], *self._up.values())

    def is_quiet(self) -> None:
        """Nothing is mounted and nothing runs, but files may lie around."""
        assert self._down is not None
        assert eventually(lambda: replace(self.state(), files={}) == replace(self._down, files={}))

    def is_down(self) -> None:
        assert self._down is not None
        self._becomes(self._down)


def rich_farm(host: Host) -> Farm:
    """The cell has every feature; its name begins another's, and mounts look alike."""
    root = host.root
    directories(root, ("cells/web2/data", "cells/web/root.bak"))
    web = full_cell(root, ("/bin/sleep", "1000"))
    (root / "srv/hosts").write_text("127.0.0.1 localhost\n")
    (root / "cells/web/etc/hosts").write_text("of the cell\n")
    web = replace(
        web,
        mounts=(*web.mounts, Mount("ro", f"{root}/srv/hosts", "/etc/hosts")),
        exec_hashes=(),
    )
    foreign = (
        f"/dev/wd0g on {root}/cells/web type ffs (local)",
        f"/dev/wd0h on {root}/cells/web.bak type ffs (local)",
        f"/dev/wd0i on {root}/cells/web/root.bak type ffs (local)",
    )
    (host.state / "mounts").write_text("".join(f"{line}\n" for line in foreign))
    later = replace(web, mounts=web.mounts[1:], devices=("null",), hooks=web.hooks[:2])
    versions = tuple(policy(cell, neighbour(root, 2)) for cell in (web, later))
    return Farm(host, "web", "web", versions, root / "cells/web")


def neighbour(root: Path, number: int) -> Cell:
    """A cell that is up all the time."""
    directories(root, ("cells/web2",))
    return minimal(
        "neighbour",
        id=number,
        root=f"{root}/cells/web2",
        exec_readonly=True,
        service=Service(("/bin/sleep", "100000")),
    )
