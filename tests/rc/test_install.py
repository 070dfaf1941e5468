"""install.sh: what it puts where, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rc.install_site import MODULE, Site, install, listed
from tests.rc.support import program


def test_install_puts_every_file_in_its_place(site: Site, old: Path) -> None:
    tree = install(site, old)
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
        "libexec/cellpolicy/build.subr",
        "libexec/cellpolicy/cell.subr",
        "libexec/cellpolicy/file.subr",
        "libexec/cellpolicy/generations.subr",
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


def test_links_may_be_read_from_outside(site: Site, old: Path) -> None:
    install(site, old)
    moved = site.dest.rename(site.root / "moved")
    assert (moved / "etc/rc.d/cell_web").read_bytes() == (old / "rc.d/cell_web").read_bytes()


def test_a_build_can_be_named(site: Site, old: Path, new: Path) -> None:
    install(site, old)
    installed = site.dest / "libexec/cellpolicy"
    (new / "install.sh").write_text("exit 3\n")
    site.seal(new, [n for n in listed(new) if not n.startswith("manifest")])
    tree = install(site, installed, "upgrade", str(new))
    assert tree["libexec/cellpolicy/install.sh"] == b"exit 3\n"
    assert "is not a build" in site.run(old, "install", str(site.root)).stderr
    assert site.run(old, "install", str(site.root / "none")).returncode == 1


def test_uninstall_leaves_nothing(site: Site, old: Path, new: Path) -> None:
    mine = site.dest / "etc/rc.d/mine"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n")
    install(site, old)
    install(site, new)
    assert install(site, new, "uninstall") == {"etc/rc.d/mine": b"mine\n"}
    assert not (site.dest / "var/db/cellpolicy").exists()
    assert not (site.dest / "etc/cellpolicy").exists()
    assert install(site, new, "uninstall") == {"etc/rc.d/mine": b"mine\n"}


@pytest.mark.parametrize("verb", ["install", "verify"])
def test_a_changed_file_is_named_and_nothing_isinstalled(site: Site, old: Path, verb: str) -> None:
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
    tree = install(site, old)
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
    tree = install(site, old)
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


@pytest.mark.parametrize(
    "args", [(), ("frobnicate",), ("install", "a", "b"), ("list", "x"), ("-x", "list")]
)
def test_wrong_use(site: Site, old: Path, args: tuple[str, ...]) -> None:
    done = site.run(old, *args)
    assert done.returncode == 2
    assert "usage: " in done.stderr


def test_help(site: Site, old: Path) -> None:
    done = site.run(old, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")
