"""Signatures by ssh-keygen(1), and `cellc build --sign`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compiler.durable import OutputError
from compiler.manifest import MANIFEST, SIGNATURE, verify_build
from compiler.signing import SignatureError, check_signature, signer
from tests.commands.conftest import Run, cellc, folder

__all__ = ["cellc", "folder"]  # fixtures

_BUILD = ("build", "web.cell", "-o", "out", "--backend", "sysctl", "--today", "2026-11-24")


def _key(path: Path, *options: str) -> Path:
    command = ["ssh-keygen", "-q", "-N", "", "-C", "a test", "-f", str(path)]
    subprocess.run([*command, *(options or ("-t", "ed25519"))], check=True)
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return _key(tmp_path / "key")


@pytest.fixture
def allowed(tmp_path: Path, key: Path) -> Path:
    path = tmp_path / "allowed"
    path.write_text("ops@example.org " + key.with_suffix(".pub").read_text())
    return path


@pytest.mark.parametrize("kind", [("-t", "ed25519"), ("-t", "rsa", "-b", "2048"), ("-t", "ecdsa")])
def test_what_is_signed_is_recognised(tmp_path: Path, kind: tuple[str, ...]) -> None:
    key = _key(tmp_path / "another", *kind)
    allowed = tmp_path / "signers"
    allowed.write_text("me@example.org " + key.with_suffix(".pub").read_text())
    signature = signer(key)(b"content")
    assert check_signature(b"content", signature, allowed) == "me@example.org"
    with pytest.raises(SignatureError, match="does not hold"):
        check_signature(b"contents", signature, allowed)


def test_signatures_of_others_do_not_count(tmp_path: Path, allowed: Path) -> None:
    signature = signer(_key(tmp_path / "other"))(b"x")
    with pytest.raises(SignatureError, match="by none of the signers"):
        check_signature(b"x", signature, allowed)
    with pytest.raises(SignatureError, match="by none of the signers"):
        check_signature(b"x", b"no signature", allowed)
    with pytest.raises(SignatureError, match="no file of allowed signers"):
        check_signature(b"x", signature, tmp_path / "none")


def test_signatures_for_something_else_do_not_count(key: Path, allowed: Path) -> None:
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", "file"]
    signature = subprocess.run(command, input=b"x", capture_output=True, check=True).stdout
    with pytest.raises(SignatureError, match="does not hold"):
        check_signature(b"x", signature, allowed)


def test_build_signs_the_manifest(cellc: Run, folder: Path, key: Path, allowed: Path) -> None:
    assert cellc(*_BUILD, "--sign", str(key)).exit_code == 0
    out = folder / "out"
    signature = (out / SIGNATURE).read_bytes()
    assert check_signature((out / MANIFEST).read_bytes(), signature, allowed)
    assert verify_build(out) == []
    assert SIGNATURE in (out / "SHA256").read_text()
    # The same key makes the same bytes, and without one the signature goes.
    assert cellc(*_BUILD, "--sign", str(key)).exit_code == 0
    assert (out / SIGNATURE).read_bytes() == signature


@pytest.mark.parametrize("bad", ["missing", "empty", "directory", "public", "locked"])
def test_a_key_that_cannot_sign_writes_nothing(
    cellc: Run, folder: Path, key: Path, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "bad"
    if bad == "empty":
        path.touch()
    elif bad == "directory":
        path.mkdir()
    elif bad == "public":
        path.write_text(key.with_suffix(".pub").read_text())
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    elif bad == "locked":
        path.write_bytes(key.read_bytes())
        path.chmod(0o600)
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", path], check=True)
        monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
        monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    before = sorted(folder.iterdir())
    result = cellc(*_BUILD, "--sign", str(path))
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("cellc: cannot sign with `")
    assert sorted(folder.iterdir()) == before


def test_a_former_build_stays_when_signing_fails(cellc: Run, folder: Path) -> None:
    assert cellc(*_BUILD).exit_code == 0
    manifest = (folder / "out" / MANIFEST).read_bytes()
    (folder / "web.cell").write_text(
        (folder / "web.cell").read_text() + "host { securelevel 1; }\ncell new { profile low; }\n"
    )
    ids = (folder / "web.cells.lock").read_bytes()
    assert cellc(*_BUILD, "--sign", "none").exit_code == 2
    assert (folder / "out" / MANIFEST).read_bytes() == manifest
    assert (folder / "web.cells.lock").read_bytes() == ids


def test_without_ssh_keygen(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(OutputError, match=r"cannot run ssh-keygen\(1\)"):
        signer(key)(b"x")


def test_a_serial_number_is_signed(cellc: Run, folder: Path, key: Path, allowed: Path) -> None:
    assert cellc(*_BUILD, "--sign", str(key), "--serial", "2147483647").exit_code == 0
    manifest = (folder / "out" / MANIFEST).read_bytes()
    assert b'\n  "serial": 2147483647,\n' in manifest
    assert check_signature(manifest, (folder / "out" / SIGNATURE).read_bytes(), allowed)
    assert verify_build(folder / "out") == []


@pytest.mark.parametrize("serial", ["0", "-1", "2147483648", "x", "1.5"])
def test_what_is_no_serial_number(cellc: Run, folder: Path, serial: str) -> None:
    assert cellc(*_BUILD, "--serial", serial).exit_code == 2
    assert not (folder / "out").exists()
