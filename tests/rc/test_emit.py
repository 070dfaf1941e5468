"""What the backend emits: names, permissions, rcorder metadata, clean shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backends.artifact import Artifact
from backends.rc import BACKEND
from compiler.ir.ir import ExecHash, HostSettings, Mount, Provider, Service, SysctlSetting
from compiler.ir.serialise import policy_hash
from tests.rc.cells import full_cell, minimal, policy

#: Files that are elsewhere here, what rc.subr gives to scripts or takes from them,
#: text of a policy that means something to sh, `local`.
EXCLUDED = "SC1091,SC2034,SC2154,SC2016,SC3043"


@pytest.fixture
def artifacts(tmp_path: Path) -> dict[str, Artifact]:
    ir = policy(full_cell(tmp_path, ("/bin/sleep", "it's $(x)")), minimal("data-base"))
    return {artifact.path: artifact for artifact in BACKEND.emit(ir)}


def _scripts(artifacts: dict[str, Artifact]) -> list[Artifact]:
    return [
        artifact
        for path, artifact in artifacts.items()
        if artifact.content.startswith(b"#!/bin/sh") or path.endswith(".subr")
    ]


def test_paths_and_permissions(artifacts: dict[str, Artifact]) -> None:
    modes = {path: artifact.mode for path, artifact in artifacts.items()}
    assert modes == {
        **{f"cellexec/{name}": 0o644 for name in ("Makefile", "cellexec.8", "cellexec.h")},
        **{
            f"cellexec/{name}.c": 0o644
            for name in ("account", "cellexec", "kernel", "limits", "number")
        },
        "install.sh": 0o755,
        **{
            f"libexec/cellpolicy/{name}.subr": 0o644
            for name in ("build", "cell", "file", "generations", "mount", "process")
        },
        "libexec/cellpolicy/policy.sha256": 0o644,
        "libexec/cellpolicy/signatures/web": 0o644,
        "libexec/cellpolicy/supervise": 0o755,
        **{f"rc.d/{name}": 0o755 for name in ("cellpolicy", "cell_web", "cell_data_base")},
        **{f"rc.conf.d/{name}": 0o644 for name in ("cellpolicy", "cell_web", "cell_data_base")},
    }


def test_emitting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    ir = policy(full_cell(tmp_path, ("/bin/sleep",)))
    assert BACKEND.emit(ir) == BACKEND.emit(ir)


def test_the_hash_is_that_of_the_policy() -> None:
    ir = policy(minimal())
    files = {artifact.path: artifact.content for artifact in BACKEND.emit(ir)}
    assert files["libexec/cellpolicy/policy.sha256"].decode() == policy_hash(ir) + "\n"


def test_rcorder_metadata(artifacts: dict[str, Artifact]) -> None:
    def metadata(name: str) -> list[str]:
        text = artifacts[f"rc.d/{name}"].content.decode()
        return [line for line in text.splitlines() if line[2:].split(":")[0].isupper()]

    assert metadata("cellpolicy") == [
        "# PROVIDE: cellpolicy",
        "# REQUIRE: modules sysctl mountcritlocal",
        "# BEFORE: network NETWORKING securelevel",
    ]
    assert metadata("cell_web") == [
        "# PROVIDE: cell_web",
        "# REQUIRE: cellpolicy mountcritremote syslogd NETWORKING cell_data_base",
        "# BEFORE: LOGIN",
        "# KEYWORD: shutdown",
    ]
    assert metadata("cell_data_base") == [
        "# PROVIDE: cell_data_base",
        "# REQUIRE: cellpolicy mountcritremote",
        "# KEYWORD: shutdown",
    ]


@pytest.mark.parametrize(
    ("level", "root", "early"),
    [(2, "/cells/web", True), (2, None, False), (1, "/cells/web", False), (None, "/r", False)],
)
def test_cells_that_mount_start_before_securelevel_2(
    level: int | None, root: str | None, early: bool
) -> None:
    ir = policy(minimal(root=root, exec_readonly=True))
    ir = replace(ir, host=HostSettings(securelevel=level))
    files = {artifact.path: artifact.content for artifact in BACKEND.emit(ir)}
    assert (b"# BEFORE: securelevel\n" in files["rc.d/cell_web"]) == early


@pytest.mark.parametrize(
    ("strict", "hashes", "early"),
    [
        ("1", True, True),
        ("2", True, True),
        ("0", True, False),
        (None, True, False),
        ("1", False, False),
    ],
)
def test_cells_with_fingerprints_start_before_veriexec(
    strict: str | None, hashes: bool, early: bool
) -> None:
    found = (ExecHash("/bin/x", "0" * 64),) if hashes else ()
    sysctls = (SysctlSetting("kern.veriexec.strict", strict),) if strict else ()
    ir = policy(minimal(root="/r", exec_hashes=found))
    ir = replace(ir, host=HostSettings(sysctls=sysctls))
    files = {artifact.path: artifact.content for artifact in BACKEND.emit(ir)}
    assert (b"# BEFORE: veriexec\n" in files["rc.d/cell_web"]) == early


def test_shellcheck_finds_nothing(artifacts: dict[str, Artifact], tmp_path: Path) -> None:
    names = []
    for artifact in _scripts(artifacts):
        file = tmp_path / artifact.path.replace("/", "_")
        file.write_bytes(artifact.content)
        names.append(str(file))
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:/usr/bin")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    command = [shellcheck, "-s", "sh", "-e", EXCLUDED, *names]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == ""


@pytest.mark.parametrize("shell", ["dash", "sh", "bash --posix"])
def test_shells_parse_every_script(artifacts: dict[str, Artifact], shell: str) -> None:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"{shell} is not installed")
    for artifact in _scripts(artifacts):
        done = subprocess.run([*shell.split(), "-n"], input=artifact.content, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b""), artifact.path


@pytest.mark.parametrize("name", ["a b", "x\n# REQUIRE: y", "", "-x", "$(x)"])
def test_providers_that_rcorder_cannot_read_are_refused(name: str) -> None:
    service = Service(("/bin/x",), require=(Provider("rc", name),))
    with pytest.raises(ValueError, match="rcorder"):
        BACKEND.emit(policy(minimal(service=service)))


@pytest.mark.parametrize("path", ["/a\nb", "/a\tb", "/a\\b", "/a#b"])
def test_paths_that_veriexecctl_cannot_read_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="veriexecctl"):
        BACKEND.emit(policy(minimal(exec_hashes=(ExecHash(path, "0" * 64),))))


def test_fingerprints_name_each_file_by_every_mount_it_is_reached_through() -> None:
    hashes = ("/bin/a b", "/var/www/cgi", "/etc/rc.local")
    cell = minimal(
        root="/r",
        base="/b",
        mounts=(Mount("ro", "/srv", "/var/www"),),
        exec_hashes=tuple(ExecHash(path, "0" * 64) for path in hashes),
    )
    (file,) = (a for a in BACKEND.emit(policy(cell)) if "signatures" in a.path)
    paths = [line.split(" SHA256 ")[0] for line in file.content.decode().splitlines()]
    assert paths == [
        "/r/bin/a\\ b",
        "/b/bin/a\\ b",
        "/r/var/www/cgi",
        "/srv/cgi",
        "/r/etc/rc.local",
        "/r.overlay/etc/rc.local",
    ]
