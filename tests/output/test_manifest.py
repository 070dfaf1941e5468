"""Every change to a build directory is found by its manifest."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.manifest import parse_manifest, tool_digest, verify_build
from compiler.output import write_build
from tests.output.support import ORIGIN, build


@pytest.fixture
def out(tmp_path: Path) -> Path:
    write_build(tmp_path / "build", build("a"), ORIGIN)
    return tmp_path / "build"


def problems(out: Path) -> list[str]:
    return [f"{problem.path} {problem.message}" for problem in verify_build(out)]


def test_a_build_is_as_its_manifest_says(out: Path) -> None:
    assert problems(out) == []


def test_the_manifest_names_policy_tool_and_files(out: Path) -> None:
    document = json.loads((out / "manifest.json").read_bytes())
    assert document["policy"] == ORIGIN.policy
    assert document["tool"] == {"name": "cellc", "version": ORIGIN.version, "sha256": ORIGIN.tool}
    assert list(document["files"]) == sorted(artifact.path for artifact in build("a"))
    assert document["files"]["kmod/a.c"] == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_a_serial_number_is_there_if_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "build"
    write_build(path, build("a"), replace(ORIGIN, serial=12))
    assert json.loads((path / "manifest.json").read_bytes())["serial"] == 12
    assert problems(path) == []
    manifest = parse_manifest((path / "manifest.json").read_bytes())
    assert manifest is not None
    assert manifest.origin.serial == 12


@pytest.mark.parametrize("serial", [0, -1, 2**31, True, 1.0, "1", None, [1]])
def test_what_is_no_serial_number_is_found(out: Path, serial: object) -> None:
    document = json.loads((out / "manifest.json").read_bytes())
    text = json.dumps({**document, "serial": serial}, indent=2, sort_keys=True) + "\n"
    assert parse_manifest(text.encode()) is None


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("echo x >kmod/a.c", ["kmod/a.c was changed"]),
        ("rm kmod/a.c", ["kmod/a.c is missing"]),
        ("touch rc.d/x", ["rc.d/x is not in the manifest"]),
        ("rm SHA256", ["SHA256 is missing"]),
        (": >SHA256", ["SHA256 was changed"]),
        ("rm manifest.json", ["manifest.json is missing"]),
        ("echo {} >manifest.json", ["manifest.json is not as cellc writes it"]),
        ("touch manifest.json.sig", ["SHA256 was changed"]),
        ("ln -sf /dev/null kmod/a.c", ["kmod/a.c is not a regular file"]),
        ("rm kmod/a.c && mkfifo kmod/a.c", ["kmod/a.c is not a regular file"]),
        ("rm kmod/a.c && mkdir kmod/a.c", ["kmod/a.c is missing"]),
        ("touch x && rm rc.d/*", ["rc.d/cell_web is missing", "x is not in the manifest"]),
    ],
)
def test_a_change_is_found(out: Path, change: str, found: list[str]) -> None:
    subprocess.run(["sh", "-ec", change], cwd=out, check=True)
    assert problems(out) == found


def test_every_changed_byte_of_the_manifest_is_found(out: Path) -> None:
    path = out / "manifest.json"
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert problems(out), place


def test_a_manifest_and_its_checksums_changed_together_do_not_lead_outside(out: Path) -> None:
    """Names in a manifest are compared with what is there, never opened."""
    (out.parent / "secret").write_text("x")
    document = json.loads((out / "manifest.json").read_bytes())
    document["files"] = {"../secret": "0" * 64, "\ud800": "1" * 64, "/dev/zero": "2" * 64}
    (out / "manifest.json").write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    found = problems(out)
    assert {"../secret is missing", "/dev/zero is missing", "\ud800 is missing"} <= set(found)


def test_no_directory_has_no_manifest(tmp_path: Path) -> None:
    assert problems(tmp_path / "gone") == ["manifest.json is missing"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[" * 100_000, b"[]", b'{"tool": 1, "files": {}, "policy": ""}', b"1" * 9999],
)
def test_what_is_no_manifest_is_not_taken_for_one(content: bytes) -> None:
    assert parse_manifest(content) is None


def test_a_manifest_of_wrong_types_is_refused(out: Path) -> None:
    document = json.loads((out / "manifest.json").read_bytes())
    changes: tuple[dict[str, object], ...] = (
        {"files": {"a": 1}},
        {"files": []},
        {"policy": None},
        {"format": 2},
    )
    for change in changes:
        text = json.dumps(document | change, indent=2, sort_keys=True) + "\n"
        assert parse_manifest(text.encode()) is None


def test_the_tool_is_known_by_its_files() -> None:
    assert tool_digest() == tool_digest()
    assert len(tool_digest()) == 64


def test_files_may_vanish_while_a_build_is_verified(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    def vanishing(path: str) -> contextlib.nullcontext[list[os.DirEntry[str]]]:
        entries = list(listed(path))
        (out / "SHA256").unlink(missing_ok=True)
        return contextlib.nullcontext(entries)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert problems(out) == ["SHA256 is missing"]


def test_what_is_no_build_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "scandir")
    assert problems(tmp_path) == ["manifest.json is missing"]
