"""install.sh: list and verify, which read and nothing else, and what they find."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rc.cells import minimal, policy
from tests.rc.install_site import Site, install
from tests.rc.support import program

SCRIPT = "etc/rc.d/cell_web"
ACTIVE = "libexec/cellpolicy.d/active/files"
SHELLS = ["dash", "bash --posix", "busybox ash", "mksh"]


def everything(root: Path) -> dict[str, tuple[int, int]]:
    """Mode and time of change of all that is below a directory."""
    found = {str(path): path.lstat() for path in (root, *root.rglob("*"))}
    return {name: (status.st_mode, status.st_mtime_ns) for name, status in found.items()}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, site: Site) -> str:
    if shutil.which(request.param.split()[0]) is None:
        pytest.skip(f"{request.param} is not installed")
    site.shell = request.param
    return site.shell


@pytest.mark.parametrize("args", [("list",), ("verify",)])
def test_nothing_is_changed_where_nothing_is_installed(
    site: Site, shell: str, old: Path, args: tuple[str, ...]
) -> None:
    before = everything(old), everything(site.dest)
    done = site.run(old, *args)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (everything(old), everything(site.dest)) == before


def test_nothing_is_changed_where_something_is(site: Site, old: Path, new: Path) -> None:
    install(site, old)
    installed = site.dest / "libexec/cellpolicy"
    before = everything(site.dest)
    for args in (("list",), ("verify",), ("verify", str(new))):
        done = site.run(installed, *args)
        assert (done.returncode, done.stderr) == (0, "")
    assert everything(site.dest) == before


def test_whoever_may_read_can_list_and_verify(site: Site, old: Path, tmp_path: Path) -> None:
    """No id is asked for, and no file is closed to others but the lock, which they could hold."""
    install(site, old)
    program(site.bin / "id", "echo 1000")
    closed = [
        path
        for path in (site.dest, *site.dest.rglob("*"))
        if not path.is_symlink() and not path.stat().st_mode & stat.S_IROTH
    ]
    assert closed == [site.dest / "var/db/cellpolicy/lock"]
    environment = {"PATH": f"{site.bin}:{os.environ['PATH']}"}
    command = ["sh", str(old / "install.sh")]

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *args], capture_output=True, text=True, env=environment, check=False
        )

    assert run("verify").returncode == 0
    assert run("list").returncode == 0
    assert "only root may rollback" in run("rollback", "0").stderr


def test_what_is_installed_is_as_it_was_installed(site: Site, shell: str, old: Path) -> None:
    install(site, old)
    assert install(site, site.dest / "libexec/cellpolicy", "verify")


def overwrite(path: Path) -> None:
    path.chmod(0o644)
    path.write_text("changed\n")
    path.chmod(0o444)


def replace(path: Path) -> None:
    path.unlink()
    path.write_text("mine\n")


@pytest.mark.parametrize(
    ("path", "change", "found"),
    [
        (f"{ACTIVE}/{SCRIPT}", overwrite, f"{SCRIPT}: was changed"),
        (f"{ACTIVE}/{SCRIPT}", Path.unlink, f"{SCRIPT}: cannot be read"),
        (SCRIPT, Path.unlink, f"{SCRIPT}: is not the link that was installed"),
        (SCRIPT, replace, f"{SCRIPT}: is not the link that was installed"),
        (
            f"var/db/cellpolicy/generations/1/files/{SCRIPT}",
            overwrite,
            "var/db/cellpolicy/generations/1: was damaged",
        ),
    ],
)
def test_what_differs_is_named(
    site: Site, old: Path, path: str, change: Callable[[Path], None], found: str
) -> None:
    install(site, old)
    change(site.dest / path)
    done = site.run(site.dest / "libexec/cellpolicy", "verify")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"install.sh: {site.dest}/{found}"
    assert done.stderr.endswith("install.sh: what is installed is not as it was installed\n")


@pytest.mark.parametrize("mode", [0o020, 0o002])
@pytest.mark.parametrize(
    "path",
    [
        "etc",
        "etc/rc.d",
        "etc/cellpolicy/allowed_signers",
        "libexec/cellpolicy",
        "libexec/cellpolicy.d",
        "libexec/cellpolicy.d/1",
        f"libexec/cellpolicy.d/1/files/{SCRIPT}",
        "var/db",
        "var/db/cellpolicy",
        "var/db/cellpolicy/generations/1/digests",
    ],
)
def test_what_others_may_write_is_named(site: Site, old: Path, path: str, mode: int) -> None:
    install(site, old)
    (site.dest / "etc/cellpolicy/allowed_signers").touch(0o644)
    changed = site.dest / path
    changed.chmod(changed.stat().st_mode | mode)
    done = site.run(site.dest / "libexec/cellpolicy", "verify")
    assert done.returncode == 1
    assert done.stderr.splitlines()[:-1] == [f"install.sh: {changed}: others may write it"]


def test_a_directory_that_is_a_link_counts_as_what_it_leads_to(site: Site, old: Path) -> None:
    install(site, old)
    elsewhere = (site.dest / "usr").rename(site.dest / "elsewhere")
    (site.dest / "usr").symlink_to("elsewhere")
    installed = site.dest / "libexec/cellpolicy"
    assert site.run(installed, "verify").stderr == ""
    elsewhere.chmod(0o777)
    assert f"{site.dest}/usr: others may write it" in site.run(installed, "verify").stderr


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_what_belongs_to_somebody_else_is_named(site: Site, old: Path) -> None:
    install(site, old)
    installed = site.dest / "libexec/cellpolicy"
    os.chown(site.dest / "etc/rc.d", 1234, 0)
    done = site.run(installed, "verify")
    assert f"{site.dest}/etc/rc.d: belongs to another user\n" in done.stderr
    # A root that is elsewhere may belong to whoever made it.
    os.chown(site.dest, 1234, 0)
    assert site.run(installed, "verify").returncode == 0


def test_nothing_is_installed(site: Site, old: Path) -> None:
    install(site, old)
    installed = site.root / "elsewhere"
    shutil.copytree(site.dest / "libexec/cellpolicy", installed)
    install(site, old, "uninstall")
    assert "nothing is installed" in site.run(installed, "verify").stderr


def test_a_root_that_is_not_there_is_no_other_root(site: Site, shell: str, old: Path) -> None:
    """And not the host's own."""
    site.dest.rmdir()
    for verb in ("install", "uninstall", "list", "verify"):
        done = site.run(old, verb)
        assert done.returncode != 0
        assert not site.dest.exists()


def test_cdpath_leads_nowhere(site: Site, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site.root / "elsewhere/old").mkdir(parents=True)
    environment = {
        "PATH": f"{site.bin}:{os.environ['PATH']}",
        "CDPATH": str(site.root / "elsewhere"),
        "DESTDIR": "dest",
    }
    done = subprocess.run(
        ["sh", "old/install.sh", "verify", "old"],
        capture_output=True,
        text=True,
        cwd=site.root,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_two_do_not_change_things_at_once(site: Site, old: Path) -> None:
    if shutil.which("flock") is None:
        pytest.skip("flock is not installed")
    install(site, old)
    lock = site.dest / "var/db/cellpolicy/lock"
    holder = subprocess.Popen(["flock", str(lock), "sh", "-c", "echo; read x"], stdin=-1, stdout=-1)
    assert holder.stdout is not None
    holder.stdout.readline()
    done = site.run(old, "uninstall")
    assert (done.returncode, "another install.sh is at it" in done.stderr) == (1, True)
    assert site.run(old, "list").returncode == 0
    holder.communicate(b"\n")
    assert install(site, old, "uninstall") == {}


def test_make_writes_where_it_is_told_to(site: Site, old: Path) -> None:
    """Not where somebody who builds the system has it write."""
    program(
        site.bin / "make",
        '[ -z "${MAKEOBJDIRPREFIX-}${MAKEOBJDIR-}${DESTDIR-}" ] || exit 1\n'
        "case $PWD in */cellexec) echo made >cellexec ;; "
        "*) echo made >secmodel_cellpolicy.kmod ;; esac",
    )
    site.environment = {"MAKEOBJDIRPREFIX": "/usr/obj", "MAKEOBJDIR": "obj"}
    assert install(site, old)


@pytest.mark.parametrize("name", ["two words", "a'b", "$(x)*", "-d"])
def test_a_root_may_have_any_name(tmp_path: Path, name: str, shell: str) -> None:
    other = Site(tmp_path / name)
    other.shell = shell
    build = other.build("a build", policy(minimal("web")))
    tree = install(other, build)
    installed = other.dest / "libexec/cellpolicy"
    assert install(other, installed, "verify") == tree
    assert "active" in other.run(installed, "list").stdout
    assert install(other, build, "uninstall") == {}
