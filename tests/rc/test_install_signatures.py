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
    return folder


def test_a_demanded_signature(site: Site, old: Path, keys: Path) -> None:
    demand = ("-s", str(keys / "allowed"), "install")
    names = [name for name in listed(old) if not name.startswith("manifest")]
    assert "the build is not signed" in site.run(old, *demand).stderr
    site.seal(old, names, keys / "other")
    assert "by none of the signers" in site.run(old, *demand).stderr
    site.seal(old, names, keys / "mine")
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
