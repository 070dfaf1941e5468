"""install.sh: install, upgrade, roll back, uninstall, and kills in between."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from backends.rc import BACKEND
from compiler.ir.ir import IR
from compiler.manifest import checksums
from tests.rc.support import minimal, policy, program

MODULES = "/stand/amd64/10.1/modules"
MODULE = f"{MODULES[1:]}/secmodel_cellpolicy/secmodel_cellpolicy.kmod"

#: Programs that change files: a kill or a failure can come before any call of them.
CHANGING = ("cp", "mv", "rm", "mkdir", "chmod")


class Site:
    """A DESTDIR, builds to install in it, and the programs install.sh finds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dest = root / "dest"
        self.bin = root / "bin"
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
            files = {path: files[path] for path in files if path.startswith(("rc.d", "install"))}
        else:
            files["kmod/secmodel_cellpolicy/Makefile"] = (b"KMOD=\n", 0o644)
            files["kmod/cellpolicy.img"] = (name.encode(), 0o644)
            files["sysctl/cellpolicy.conf"] = (b"a=1\n", 0o644)
            files["manifest.json"] = (b"{}\n", 0o644)
        for path, (content, mode) in files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content)
            (directory / path).chmod(mode)
        sums = {path: hashlib.sha256(content).hexdigest() for path, (content, _) in files.items()}
        (directory / "SHA256").write_bytes(checksums(sums))
        return directory

    def run(self, build: Path, *args: str) -> subprocess.CompletedProcess[str]:
        command = 'echo $$ >"$PID_FILE"; exec sh "$0" "$@"'
        script = build / "install.sh"
        return subprocess.run(
            ["sh", "-c", command, str(script), "-m", MODULES, *args],
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
            env={
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "DESTDIR": str(self.dest),
                "PID_FILE": str(self.root / "pid"),
            },
        )

    def tree(self) -> dict[str, bytes]:
        """What is installed, without the script's own state."""
        return {
            str(path.relative_to(self.dest)): path.read_bytes()
            for path in sorted(self.dest.rglob("*"))
            if path.is_file() and "var/db" not in str(path)
        }

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

    def heal(self) -> None:
        for name in CHANGING:
            (self.bin / name).unlink(missing_ok=True)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path.resolve())


@pytest.fixture
def old(site: Site) -> Path:
    return site.build("old", policy(minimal("web"), minimal("gone")))


@pytest.fixture
def new(site: Site) -> Path:
    return site.build("new", policy(minimal("web", user="www"), minimal("added")))


@pytest.fixture
def small(site: Site) -> tuple[Path, Path]:
    """Two builds of few files, to be installed often."""
    before, after = policy(minimal("gone")), policy(minimal("added"))
    return site.build("small-old", before, True), site.build("small-new", after, True)


def _installed(site: Site, build: Path, *args: str) -> dict[str, bytes]:
    done = site.run(build, *(args or ("install",)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return site.tree()


def test_install_puts_every_file_in_its_place(site: Site, old: Path) -> None:
    tree = _installed(site, old)
    assert sorted(tree) == [
        "etc/cellpolicy/cellpolicy.img",
        "etc/cellpolicy/manifest.json",
        "etc/cellpolicy/sysctl.conf",
        "etc/rc.conf.d/cell_gone",
        "etc/rc.conf.d/cell_web",
        "etc/rc.conf.d/cellpolicy",
        "etc/rc.d/cell_gone",
        "etc/rc.d/cell_web",
        "etc/rc.d/cellpolicy",
        "libexec/cellpolicy/cell.subr",
        "libexec/cellpolicy/install.sh",
        "libexec/cellpolicy/mount.subr",
        "libexec/cellpolicy/policy.sha256",
        "libexec/cellpolicy/process.subr",
        "libexec/cellpolicy/supervise",
        "sbin/cellexec",
        MODULE,
        "usr/share/man/man8/cellexec.8",
    ]
    assert tree[MODULE] == b"made\n"
    modes = {name: (site.dest / name).stat().st_mode & 0o777 for name in tree}
    assert modes["etc/rc.d/cell_web"] == modes["libexec/cellpolicy/supervise"] == 0o555
    assert modes["etc/rc.conf.d/cell_web"] == modes["libexec/cellpolicy/cell.subr"] == 0o444


def test_installing_again_repairs_and_changes_nothing_else(site: Site, old: Path) -> None:
    tree = _installed(site, old)
    script = site.dest / "etc/rc.d/cell_web"
    script.unlink()
    script.write_text("drifted\n")
    assert _installed(site, old) == tree
    assert site.run(old, "rollback").returncode == 1


def test_upgrade_removes_what_is_gone_and_rollback_brings_it_back(
    site: Site, old: Path, new: Path
) -> None:
    before = _installed(site, old)
    after = _installed(site, new, "upgrade")
    assert "etc/rc.d/cell_gone" not in after
    assert "etc/rc.d/cell_added" in after
    assert _installed(site, site.dest / "libexec/cellpolicy", "rollback") == before
    assert _installed(site, new, "rollback") == after


def test_uninstall_leaves_nothing(site: Site, old: Path, new: Path) -> None:
    mine = site.dest / "etc/rc.d/mine"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n")
    _installed(site, old)
    _installed(site, new)
    assert _installed(site, new, "uninstall") == {"etc/rc.d/mine": b"mine\n"}
    assert not (site.dest / "var/db/cellpolicy").exists()
    assert not (site.dest / "etc/cellpolicy").exists()
    assert _installed(site, new, "uninstall") == {"etc/rc.d/mine": b"mine\n"}


@pytest.mark.parametrize("verb", ["install", "verify"])
def test_a_changed_file_is_named_and_nothing_is_installed(site: Site, old: Path, verb: str) -> None:
    (old / "rc.d/cell_web").write_text("changed\n")
    done = site.run(old, verb)
    assert done.returncode == 1
    assert "changed: rc.d/cell_web\n" in done.stderr
    assert site.tree() == {}


@pytest.mark.parametrize("verb", ["install", "verify"])
def test_a_missing_file_is_an_error(site: Site, old: Path, verb: str) -> None:
    (old / "rc.d/cell_web").unlink()
    assert site.run(old, verb).returncode == 1
    assert site.tree() == {}


@pytest.mark.parametrize("path", ["../x", "rc.d/../../x", "/etc/x", "rc.d/a b", "-rf", "rc.d/$(x)"])
def test_digests_of_odd_names_are_refused(site: Site, old: Path, path: str) -> None:
    with (old / "SHA256").open("a") as sums:
        sums.write(f"SHA256 ({path}) = {'0' * 64}\n")
    done = site.run(old, "install")
    assert done.returncode == 1
    assert "is not a list of digests" in done.stderr
    assert site.tree() == {}


def test_prebuilt_programs_are_taken_without_make(site: Site, old: Path) -> None:
    program(site.bin / "make", "exit 1")
    (old / "cellexec/cellexec").write_bytes(b"prebuilt")
    (old / "kmod/secmodel_cellpolicy/secmodel_cellpolicy.kmod").write_bytes(b"prebuilt too")
    tree = _installed(site, old)
    assert (tree["sbin/cellexec"], tree[MODULE]) == (b"prebuilt", b"prebuilt too")


def test_a_program_that_does_not_build_shows_its_errors(site: Site, old: Path) -> None:
    program(site.bin / "make", "echo 'cellexec.c:1: boom'; exit 2")
    done = site.run(old, "install")
    assert done.returncode == 1
    assert "cellexec.c:1: boom" in done.stderr
    assert site.tree() == {}


def test_files_of_somebody_else_are_not_overwritten(site: Site, old: Path) -> None:
    script = site.dest / "etc/rc.d/cell_web"
    script.parent.mkdir(parents=True)
    script.write_text("mine\n")
    done = site.run(old, "install")
    assert done.returncode == 1
    assert "was not installed from here" in done.stderr
    assert site.tree() == {"etc/rc.d/cell_web": b"mine\n"}


@pytest.mark.parametrize("verb", ["upgrade", "uninstall"])
def test_a_cell_that_is_up_keeps_its_script(site: Site, old: Path, new: Path, verb: str) -> None:
    tree = _installed(site, old)
    up = site.dest / "var/run/cellpolicy/gone/up"
    up.parent.mkdir(parents=True)
    up.touch()
    done = site.run(new, verb)
    assert done.returncode == 1
    assert "the cell gone is up" in done.stderr
    up.unlink()
    assert site.tree() == tree


@pytest.mark.parametrize("complains", [False, True])
def test_rcorder_may_say_no_more_than_before(site: Site, old: Path, complains: bool) -> None:
    (site.dest / "etc/rc.d").mkdir(parents=True)
    for name in ("etc/rc.subr", "etc/rc.d/base"):
        (site.dest / name).touch()
    about_ours = 'for f; do case $f in *cell_web) echo "no providers: $f" >&2 ;; esac; done'
    program(
        site.bin / "rcorder",
        "echo 'rcorder: an old complaint' >&2\n" + (about_ours if complains else ""),
    )
    done = site.run(old, "install")
    assert (done.returncode != 0) == complains, done.stderr
    assert ("cannot order" in done.stderr) == complains
    assert "old complaint" not in done.stderr
    assert ("etc/rc.d/cell_web" in site.tree()) != complains


@pytest.mark.parametrize("args", [(), ("frobnicate",), ("install", "twice")])
def test_wrong_use(site: Site, old: Path, args: tuple[str, ...]) -> None:
    done = site.run(old, *args)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")


def test_help(site: Site, old: Path) -> None:
    done = site.run(old, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")


def test_rollback_needs_a_generation_before(site: Site, old: Path) -> None:
    assert "no generation before" in site.run(old, "rollback").stderr
    assert site.tree() == {}


def test_an_install_killed_anywhere_recovers_to_one_of_the_two(
    site: Site, small: tuple[Path, Path]
) -> None:
    old, new = small
    before = _installed(site, old)
    after = _installed(site, new)
    _installed(site, old, "rollback")
    call, seen = 1, set()
    while True:
        site.break_at(call)
        done = site.run(new, "install")
        site.heal()
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        # Any verb recovers, even one that fails.
        site.run(old, "verify")
        tree = site.tree()
        assert tree in (before, after), call
        seen.add(tree == after)
        if tree == after:
            _installed(site, new, "rollback")
        assert site.tree() == before
        call += 3
    assert seen == {False, True}
    assert site.tree() == after


def test_an_install_that_fails_anywhere_leaves_one_of_the_two(
    site: Site, small: tuple[Path, Path]
) -> None:
    old, new = small
    before = _installed(site, old)
    after = _installed(site, new)
    _installed(site, old, "rollback")
    call = 1
    while True:
        site.break_at(call, "{ echo disk full >&2; exit 1; }")
        done = site.run(new, "install")
        site.heal()
        if done.returncode == 0 and "disk full" not in done.stderr:
            break
        tree = site.tree()
        assert tree in (before, after), call
        if tree == after:
            _installed(site, new, "rollback")
        call += 3
    assert site.tree() == after


def test_an_uninstall_killed_anywhere_is_finished_by_the_next(
    site: Site, small: tuple[Path, Path]
) -> None:
    old = small[0]
    call = 1
    while True:
        _installed(site, old)
        site.break_at(call)
        done = site.run(old, "uninstall")
        site.heal()
        if done.returncode == 0:
            break
        assert _installed(site, old, "uninstall") == {}
        call += 9
    assert site.tree() == {}
