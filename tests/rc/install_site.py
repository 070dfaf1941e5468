"""A place to install builds in, and builds."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from backends.rc import BACKEND
from compiler.ir.ir import IR
from compiler.manifest import CHECKSUMS, MANIFEST, SIGNATURE, Manifest, Origin, checksums
from compiler.signing import signer
from tests.rc.support import program

MODULES = "/stand/amd64/10.1/modules"
MODULE = f"{MODULES[1:]}/secmodel_cellpolicy/secmodel_cellpolicy.kmod"

#: Programs that change files: a kill or a failure can come before any call of them.
CHANGING = ("cp", "mv", "rm", "mkdir", "chmod", "ln")


class Site:
    """A DESTDIR, builds to install in it, and the programs install.sh finds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dest = root / "dest"
        self.bin = root / "bin"
        self.shell = "sh"
        self.environment: dict[str, str] = {}
        self.dest.mkdir(parents=True)
        program(self.bin / "sync", ":")
        program(
            self.bin / "make",
            "case $PWD in */cellexec) out=cellexec ;; "
            "*) out=secmodel_cellpolicy.kmod ;; esac\necho made >$out",
        )

    def build(self, name: str, ir: IR, small: bool = False) -> Path:
        """Writes what the driver would write for the rc and kmod backends, or a part of it."""
        directory = self.root / name
        files = {artifact.path: (artifact.content, artifact.mode) for artifact in BACKEND.emit(ir)}
        if small:
            kept = ("rc.d", "install", "libexec/cellpolicy/build", "libexec/cellpolicy/gen")
            files = {path: files[path] for path in files if path.startswith(kept)}
        else:
            files["kmod/secmodel_cellpolicy/Makefile"] = (b"KMOD=\n", 0o644)
            files["kmod/cellpolicy.img"] = (name.encode(), 0o644)
            files["sysctl/cellpolicy.conf"] = (b"a=1\n", 0o644)
        for path, (content, mode) in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content)
            (directory / path).chmod(mode)
        self.seal(directory, list(files))
        return directory

    def seal(
        self,
        build: Path,
        names: Sequence[str],
        key: Path | None = None,
        serial: int | None = None,
    ) -> None:
        """Writes the manifest and the checksums of a build, and signs it."""
        sums = {name: hashlib.sha256((build / name).read_bytes()).hexdigest() for name in names}
        manifest = Manifest(Origin("0" * 64, "0", "0" * 64, serial), sums).render()
        made = {MANIFEST: manifest}
        if key is not None:
            made[SIGNATURE] = signer(key)(manifest)
        for name, content in made.items():
            (build / name).write_bytes(content)
            sums[name] = hashlib.sha256(content).hexdigest()
        (build / CHECKSUMS).write_bytes(checksums(sums))

    def run(self, build: Path, *args: str) -> subprocess.CompletedProcess[str]:
        command = f'echo $$ >"$PID_FILE"; exec {self.shell} "$0" "$@"'
        script = build / "install.sh"
        return subprocess.run(
            ["sh", "-c", command, str(script), "-m", MODULES, *args],
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
            env={
                **self.environment,
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "DESTDIR": str(self.dest),
                "PID_FILE": str(self.root / "pid"),
            },
        )

    def tree(self) -> dict[str, bytes]:
        """What is active: every file but the script's own state; links to nothing are none."""
        return {
            name: (self.dest / name).read_bytes()
            for name in self.names()
            if (self.dest / name).is_file()
        }

    def names(self) -> list[str]:
        """Every file and link but the script's own state."""
        paths = (path for path in self.dest.rglob("*") if path.is_symlink() or path.is_file())
        names = sorted(str(path.relative_to(self.dest)) for path in paths)
        return [name for name in names if not name.startswith(("var/db/", "libexec/cellpolicy.d/"))]

    def generations(self) -> list[int]:
        """The numbers of those that are kept."""
        folder = self.dest / "var/db/cellpolicy/generations"
        return sorted(int(path.name) for path in folder.iterdir())

    def break_at(self, call: int, how: str = "") -> None:
        """The `call`-th change of a file from now on kills the whole run, or does `how`."""
        how = how or f'kill -9 -"$(cat {self.root}/pid)"'
        (self.root / "count").write_text(f"{call}\n")
        for name in CHANGING:
            program(
                self.bin / name,
                f"read -r left <{self.root}/count\necho $((left - 1)) >{self.root}/count\n"
                f'[ "$left" -ne 1 ] || {how}\n'
                f'exec /bin/{name} "$@"',
            )

    def clean(self, build: Path) -> None:
        """Removes what a killed run has left, as each run does that may change something."""
        assert "there is no generation 0" in self.run(build, "rollback", "0").stderr

    def heal(self) -> None:
        for name in CHANGING:
            (self.bin / name).unlink(missing_ok=True)


def listed(build: Path) -> list[str]:
    return [
        line.split("(")[1].split(")")[0] for line in (build / CHECKSUMS).read_text().splitlines()
    ]


def install(site: Site, build: Path, *args: str) -> dict[str, bytes]:
    done = site.run(build, *(args or ("install",)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return site.tree()
