"""install.sh: install, upgrade, roll back, uninstall, and kills in between."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from backends.rc import BACKEND
from compiler.ir.ir import IR
from compiler.manifest import CHECKSUMS, MANIFEST, SIGNATURE, Manifest, Origin, checksums
from compiler.signing import signer
from tests.rc.support import minimal, policy, program

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

    def seal(self, build: Path, names: Sequence[str], key: Path | None = None) -> None:
        """Writes the manifest and the checksums of a build, and signs it."""
        sums = {name: hashlib.sha256((build / name).read_bytes()).hexdigest() for name in names}
        manifest = Manifest(Origin("0" * 64, "0", "0" * 64), sums).render()
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

    def heal(self) -> None:
        for name in CHANGING:
            (self.bin / name).unlink(missing_ok=True)


def _listed(build: Path) -> list[str]:
    return [
        line.split("(")[1].split(")")[0] for line in (build / CHECKSUMS).read_text().splitlines()
    ]


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


def test_installing_again_changes_nothing_but_what_was_harmed(site: Site, old: Path) -> None:
    tree = _installed(site, old)
    script = site.dest / "etc/rc.d/cell_web"
    script.unlink()
    script.write_text("drifted\n")
    assert _installed(site, old) == tree
    assert site.generations() == [1]
    copy = site.dest / "libexec/cellpolicy.d/1/files/etc/rc.d/cell_web"
    copy.chmod(0o644)
    copy.write_text("drifted\n")
    assert site.tree() != tree
    assert _installed(site, old) == tree
    assert site.generations() == [1, 2]


def test_upgrade_removes_what_is_gone_and_rollback_brings_it_back(
    site: Site, old: Path, new: Path
) -> None:
    before = _installed(site, old)
    after = _installed(site, new, "upgrade")
    assert "etc/rc.d/cell_gone" not in after
    assert "etc/rc.d/cell_added" in after
    installed = site.dest / "libexec/cellpolicy"
    assert _installed(site, installed, "rollback") == before
    assert site.names() == sorted(before)
    assert _installed(site, installed, "rollback", "2") == after
    assert site.names() == sorted(after)


def test_rollback_goes_back_along_what_was_active(site: Site) -> None:
    builds = [site.build(f"b{i}", policy(minimal(f"c{i}")), True) for i in range(4)]
    trees = [_installed(site, build) for build in builds[:3]]
    installer = builds[0]
    assert _installed(site, installer, "rollback") == trees[1]
    last = _installed(site, builds[3])
    # The third one was left: what came before the last one is the second.
    assert _installed(site, installer, "rollback") == trees[1]
    assert _installed(site, installer, "rollback") == trees[0]
    assert "no generation before" in site.run(installer, "rollback").stderr
    assert _installed(site, installer, "rollback", "4") == last


def test_the_last_generations_are_kept_and_listed(site: Site) -> None:
    builds = [site.build(f"b{i}", policy(minimal(f"c{i}")), True) for i in range(5)]
    trees = [_installed(site, build, "-k", "3", "install") for build in builds]
    assert site.generations() == [3, 4, 5]
    done = site.run(builds[0], "list")
    assert [line.split() for line in done.stdout.splitlines()] == [["3"], ["4"], ["5", "active"]]
    assert "no generation 2" in site.run(builds[0], "rollback", "2").stderr
    # The active one stays, however old it is.
    assert _installed(site, builds[0], "rollback", "3") == trees[2]
    _installed(site, builds[0], "-k", "1", "verify")
    # So does the one to go back to.
    assert site.generations() == [3]
    _installed(site, builds[0])
    _installed(site, builds[1], "-k", "1", "install")
    assert site.generations() == [4, 5]
    assert site.run(builds[0], "rollback").returncode == 0


def test_list_says_which_policy_a_generation_is(site: Site, old: Path) -> None:
    _installed(site, old)
    hash = (old / "libexec/cellpolicy/policy.sha256").read_text().strip()
    assert site.run(old, "list").stdout == f"1 {hash} active\n"


@pytest.mark.parametrize("number", ["0", "7", "x", "../1", "1/../1"])
def test_rollback_to_what_is_not_there(site: Site, old: Path, number: str) -> None:
    tree = _installed(site, old)
    assert site.run(old, "rollback", number).returncode == 1
    assert site.tree() == tree


def test_a_damaged_generation_is_not_gone_back_to(site: Site, old: Path, new: Path) -> None:
    _installed(site, old)
    tree = _installed(site, new)
    kept = site.dest / "var/db/cellpolicy/generations/1/files/etc/rc.d/cell_web"
    kept.chmod(0o644)
    kept.write_text("changed\n")
    done = site.run(new, "rollback")
    assert "generation 1 was damaged" in done.stderr
    assert site.tree() == tree


def test_a_host_that_lost_its_var_still_has_the_active_generation(site: Site, old: Path) -> None:
    tree = _installed(site, old)
    shutil.rmtree(site.dest / "var/db/cellpolicy")
    assert site.tree() == tree
    assert _installed(site, old) == tree
    assert site.names() == sorted(tree)
    assert _installed(site, old, "uninstall") == {}


def test_links_may_be_read_from_outside(site: Site, old: Path) -> None:
    _installed(site, old)
    moved = site.dest.rename(site.root / "moved")
    assert (moved / "etc/rc.d/cell_web").read_bytes() == (old / "rc.d/cell_web").read_bytes()


def test_a_build_can_be_named(site: Site, old: Path, new: Path) -> None:
    _installed(site, old)
    installed = site.dest / "libexec/cellpolicy"
    (new / "install.sh").write_text("exit 3\n")
    site.seal(new, [n for n in _listed(new) if not n.startswith("manifest")])
    tree = _installed(site, installed, "upgrade", str(new))
    assert tree["libexec/cellpolicy/install.sh"] == b"exit 3\n"
    assert "is not a build" in site.run(old, "install", str(site.root)).stderr
    assert site.run(old, "install", str(site.root / "none")).returncode == 1


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


def test_rollback_needs_a_generation_before(site: Site, old: Path) -> None:
    assert "no generation before" in site.run(old, "rollback").stderr
    assert site.tree() == {}


@pytest.mark.parametrize(
    ("verb", "shell", "step"),
    [("install", "dash", 3), ("install", "bash --posix", 9), ("rollback", "dash", 3)],
)
def test_killed_anywhere_one_of_the_two_is_active_as_a_whole(
    site: Site,
    small: tuple[Path, Path],
    verb: str,
    shell: str,
    step: int,
    request: pytest.FixtureRequest,
) -> None:
    """At each `step`-th program that it runs; at every one with `--exhaustive`."""
    old, new = small
    if request.config.getoption("--exhaustive"):
        step = 1
    after = _installed(site, new)
    if verb == "install":
        _installed(site, new, "uninstall")
    before = _installed(site, old)
    site.shell = shell
    call, seen = 1, set()
    while True:
        site.break_at(call)
        done = site.run(new, verb)
        site.heal()
        tree = site.tree()
        assert tree in (before, after), call
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        seen.add(tree == after)
        # Any run cleans up, even one that does nothing else.
        assert site.run(new, "list").returncode == 0
        assert site.tree() == tree
        assert site.names() == sorted(tree)
        assert not list((site.dest / "libexec/cellpolicy.d").glob("n*"))
        if tree == after:
            _installed(site, new, "rollback", *(["2"] if verb == "rollback" else []))
        call += step
    assert seen == {False, True}
    assert site.tree() == after
    assert call > 30


def test_a_first_install_killed_anywhere_is_there_or_not(
    site: Site, small: tuple[Path, Path]
) -> None:
    new = small[1]
    after = _installed(site, new)
    _installed(site, new, "uninstall")
    call = 1
    while True:
        site.break_at(call)
        done = site.run(new, "install")
        site.heal()
        assert site.tree() in ({}, after), call
        if done.returncode == 0:
            break
        tree = site.tree()
        assert _installed(site, new, "verify") == tree
        assert site.names() == sorted(tree)
        _installed(site, new, "uninstall")
        call += 8
    assert site.tree() == after


def test_an_install_that_fails_anywhere_leaves_one_of_the_two(
    site: Site, small: tuple[Path, Path]
) -> None:
    old, new = small
    after = _installed(site, new)
    before = _installed(site, old)
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
            _installed(site, old, "rollback")
        call += 6
    assert site.tree() == after


def test_an_uninstall_killed_anywhere_is_finished_by_the_next(
    site: Site, small: tuple[Path, Path]
) -> None:
    old = small[0]
    call = 1
    while True:
        tree = _installed(site, old)
        site.break_at(call)
        done = site.run(old, "uninstall")
        site.heal()
        assert site.tree() in ({}, tree)
        if done.returncode == 0:
            break
        assert _installed(site, old, "uninstall") == {}
        assert site.names() == []
        call += 3
    assert site.names() == []


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys, `mine` and `other`, and a file that allows the first."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(command, check=True)
    public = (folder / "mine.pub").read_text()
    (folder / "allowed").write_text(f'ops@example.org namespaces="cellpolicy" {public}')
    return folder


def test_a_demanded_signature(site: Site, old: Path, keys: Path) -> None:
    demand = ("-s", str(keys / "allowed"), "install")
    names = [name for name in _listed(old) if not name.startswith("manifest")]
    assert "the build is not signed" in site.run(old, *demand).stderr
    site.seal(old, names, keys / "other")
    assert "by none of the signers" in site.run(old, *demand).stderr
    site.seal(old, names, keys / "mine")
    assert _installed(site, old, *demand)


def test_where_signers_are_known_a_signature_is_always_demanded(
    site: Site, old: Path, keys: Path
) -> None:
    known = site.dest / "etc/cellpolicy/allowed_signers"
    known.parent.mkdir(parents=True)
    shutil.copy(keys / "allowed", known)
    assert "the build is not signed" in site.run(old, "install").stderr
    site.seal(old, [n for n in _listed(old) if not n.startswith("manifest")], keys / "mine")
    assert _installed(site, old)
    assert known.exists()


def test_what_is_signed_is_the_manifest_and_so_every_file(
    site: Site, old: Path, keys: Path
) -> None:
    names = [name for name in _listed(old) if not name.startswith("manifest")]
    site.seal(old, names, keys / "mine")
    (old / "rc.d/cell_web").write_text("evil\n")
    sums = {name: hashlib.sha256((old / name).read_bytes()).hexdigest() for name in _listed(old)}
    (old / CHECKSUMS).write_bytes(checksums(sums))
    done = site.run(old, "-s", str(keys / "allowed"), "install")
    assert "SHA256 does not say what manifest.json says" in done.stderr
    site.seal(old, names)
    (old / SIGNATURE).write_bytes(signer(keys / "mine")(b"another manifest"))
    sums = {name: hashlib.sha256((old / name).read_bytes()).hexdigest() for name in _listed(old)}
    sums[SIGNATURE] = hashlib.sha256((old / SIGNATURE).read_bytes()).hexdigest()
    (old / CHECKSUMS).write_bytes(checksums(sums))
    done = site.run(old, "-s", str(keys / "allowed"), "install")
    assert "the signature does not hold" in done.stderr
    assert site.tree() == {}


def test_signed_sources_are_built_from_nothing_else(site: Site, old: Path, keys: Path) -> None:
    site.seal(old, [n for n in _listed(old) if not n.startswith("manifest")], keys / "mine")
    (old / "cellexec/cellexec").write_bytes(b"evil")
    (old / "Makefile.inc").write_text("evil")
    program(
        site.bin / "make",
        "[ ! -e ../Makefile.inc ] || exit 1\n"
        "case $PWD in */cellexec) out=cellexec ;; *) out=secmodel_cellpolicy.kmod ;; esac\n"
        "echo made >$out",
    )
    tree = _installed(site, old, "-s", str(keys / "allowed"), "install")
    assert tree["sbin/cellexec"] == b"made\n"


def test_the_manifest_must_name_every_file(site: Site, old: Path) -> None:
    names = [name for name in _listed(old) if not name.startswith("manifest")]
    site.seal(old, names[1:])
    sums = {name: hashlib.sha256((old / name).read_bytes()).hexdigest() for name in names}
    sums[MANIFEST] = hashlib.sha256((old / MANIFEST).read_bytes()).hexdigest()
    (old / CHECKSUMS).write_bytes(checksums(sums))
    assert "does not say what" in site.run(old, "verify").stderr
