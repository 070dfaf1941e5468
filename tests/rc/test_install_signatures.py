"""install.sh: signed builds."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from compiler.manifest import CHECKSUMS, MANIFEST, SIGNATURE, checksums
from compiler.signing import signer
from tests.rc.install_site import Site, install, listed
from tests.rc.support import program


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys, `mine` and `other`, and a file that allows the first."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(command, check=True)
    public = (folder / "mine.pub").read_text()
    (folder / "allowed").write_text(f'ops@example.org namespaces="cellpolicy" {public}')
    (folder / "allowed").chmod(0o644)
    return folder


def test_a_demanded_signature(site: Site, old: Path, keys: Path) -> None:
    demand = ("-s", str(keys / "allowed"), "install")
    names = [name for name in listed(old) if not name.startswith("manifest")]
    assert "the build is not signed" in site.run(old, *demand).stderr
    site.seal(old, names, keys / "other")
    assert "by none of the signers" in site.run(old, *demand).stderr
    site.seal(old, names, keys / "mine")
    assert install(site, old, *demand)


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_signers_that_others_may_name_do_not_count(
    site: Site, old: Path, keys: Path, tmp_path: Path, mode: int
) -> None:
    allowed = tmp_path / "allowed"
    shutil.copy(keys / "allowed", allowed)
    site.seal(old, [n for n in listed(old) if not n.startswith("manifest")], keys / "mine")
    demand = ("-s", str(tmp_path / "link"), "install")
    (tmp_path / "link").symlink_to("allowed")
    allowed.chmod(mode)
    assert f"others may write {tmp_path}/link" in site.run(old, *demand).stderr
    allowed.chmod(0o644)
    assert install(site, old, *demand)


def test_a_host_that_cannot_check_signatures_says_so(site: Site, old: Path, keys: Path) -> None:
    """Its ssh-keygen(1) may be older than signatures."""
    site.seal(old, [n for n in listed(old) if not n.startswith("manifest")], keys / "mine")
    program(site.bin / "ssh-keygen", "echo 'ssh-keygen: unknown option -- Y' >&2\nexit 1")
    done = site.run(old, "-s", str(keys / "allowed"), "install")
    assert (done.returncode, "unknown option -- Y" in done.stderr) == (1, True)
    assert site.tree() == {}


def test_where_signers_are_known_a_signature_is_always_demanded(
    site: Site, old: Path, keys: Path
) -> None:
    known = site.dest / "etc/cellpolicy/allowed_signers"
    known.parent.mkdir(parents=True)
    shutil.copy(keys / "allowed", known)
    assert "the build is not signed" in site.run(old, "install").stderr
    site.seal(old, [n for n in listed(old) if not n.startswith("manifest")], keys / "mine")
    assert install(site, old)
    assert known.exists()


def test_what_is_signed_is_the_manifest_and_so_every_file(
    site: Site, old: Path, keys: Path
) -> None:
    names = [name for name in listed(old) if not name.startswith("manifest")]
    site.seal(old, names, keys / "mine")
    (old / "rc.d/cell_web").write_text("evil\n")
    sums = {name: hashlib.sha256((old / name).read_bytes()).hexdigest() for name in listed(old)}
    (old / CHECKSUMS).write_bytes(checksums(sums))
    done = site.run(old, "-s", str(keys / "allowed"), "install")
    assert "SHA256 does not say what manifest.json says" in done.stderr
    site.seal(old, names)
    (old / SIGNATURE).write_bytes(signer(keys / "mine")(b"another manifest"))
    sums = {name: hashlib.sha256((old / name).read_bytes()).hexdigest() for name in listed(old)}
    sums[SIGNATURE] = hashlib.sha256((old / SIGNATURE).read_bytes()).hexdigest()
    (old / CHECKSUMS).write_bytes(checksums(sums))
    done = site.run(old, "-s", str(keys / "allowed"), "install")
    assert "the signature does not hold" in done.stderr
    assert site.tree() == {}


def test_signed_sources_are_built_from_nothing_else(site: Site, old: Path, keys: Path) -> None:
    site.seal(old, [n for n in listed(old) if not n.startswith("manifest")], keys / "mine")
    (old / "cellexec/cellexec").write_bytes(b"evil")
    (old / "Makefile.inc").write_text("evil")
    program(
        site.bin / "make",
        "[ ! -e ../Makefile.inc ] || exit 1\n"
        "case $PWD in */cellexec) out=cellexec ;; *) out=secmodel_cellpolicy.kmod ;; esac\n"
        "echo made >$out",
    )
    tree = install(site, old, "-s", str(keys / "allowed"), "install")
    assert tree["sbin/cellexec"] == b"made\n"


def test_the_manifest_must_name_every_file(site: Site, old: Path) -> None:
    names = [name for name in listed(old) if not name.startswith("manifest")]
    site.seal(old, names[1:])
    sums = {name: hashlib.sha256((old / name).read_bytes()).hexdigest() for name in names}
    sums[MANIFEST] = hashlib.sha256((old / MANIFEST).read_bytes()).hexdigest()
    (old / CHECKSUMS).write_bytes(checksums(sums))
    assert "does not say what" in site.run(old, "verify").stderr


def serial(site: Site, build: Path, number: int | None) -> Path:
    """The build, sealed with a serial number."""
    names = [name for name in listed(build) if not name.startswith("manifest")]
    site.seal(build, names, serial=number)
    return build


@pytest.mark.parametrize("shell", ["dash", "bash --posix", "busybox ash", "mksh"])
@pytest.mark.parametrize(
    ("active", "given", "taken"),
    [
        (7, 8, True),
        (7, 7, True),
        (10, 9, False),
        (7, None, False),
        (None, None, True),
        (None, 1, True),
        (2**31 - 1, 2**31 - 2, False),
        (2**31 - 2, 2**31 - 1, True),
    ],
)
def test_no_older_build_is_installed_unasked(
    site: Site, small: tuple[Path, Path], shell: str, active: int, given: int, taken: bool
) -> None:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"{shell} is not installed")
    site.shell = shell
    old, new = serial(site, small[0], active), serial(site, small[1], given)
    before = install(site, old)
    done = site.run(new, "upgrade")
    assert (done.returncode == 0) == taken, done.stderr
    assert (site.tree() == before) != taken
    if not taken:
        assert f"its serial number is {given or 0} (0: none), not {active} or more" in done.stderr
        assert install(site, new, "-d", "upgrade") != before
        assert install(site, new, "rollback") == before
        # A build that is installed may be left by `rollback`, and is refused again.
        assert site.run(new, "upgrade").returncode == 1


def test_what_is_not_the_serial_number_is_none(site: Site, small: tuple[Path, Path]) -> None:
    """A file may be called as the key is."""
    install(site, serial(site, small[0], 5))
    new = small[1]
    (new / "serial").write_text("9")
    site.seal(new, [*[name for name in listed(new) if not name.startswith("manifest")], "serial"])
    assert "its serial number is 0" in site.run(new, "install").stderr
