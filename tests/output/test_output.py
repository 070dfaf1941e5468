"""A build directory is the old build or the new one, and only ever a build."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.artifact import Artifact
from compiler import durable
from compiler.durable import OutputError
from compiler.manifest import Origin
from compiler.output import recover, write_build
from tests.output.support import ORIGIN, build, dies_at, tree


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "build"


def test_a_build_holds_its_files_with_their_permissions(out: Path) -> None:
    old = os.umask(0o077)
    try:
        assert write_build(out, build("a"), ORIGIN)
    finally:
        os.umask(old)
    made = tree(out)
    assert made is not None
    assert made["rc.d/cell_web"] == (b"#!/bin/sh\na", 0o755)
    assert made["policy.ir.json"] == (b"a", 0o644)
    assert made.keys() - {a.path for a in build("a")} == {"manifest.json", "SHA256"}
    for folder in (out, out / "kmod", out / "kmod/secmodel_cellpolicy"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert os.listdir(out.parent) == ["build"]


def test_a_new_build_replaces_all_of_the_old_one(out: Path) -> None:
    write_build(out, build("a"), ORIGIN)
    (out / "junk").write_text("x")
    write_build(out, build("b"), ORIGIN)
    made = tree(out)
    assert made is not None
    assert "kmod/b.c" in made
    assert not {"kmod/a.c", "junk"} & made.keys()


def test_the_same_build_is_left_alone(out: Path) -> None:
    assert write_build(out, build("a"), ORIGIN)
    before = out.stat()
    assert not write_build(out, build("a"), ORIGIN)
    assert out.stat() == before


@pytest.mark.parametrize("damage", ["content", "mode", "missing", "extra", "checksums"])
def test_a_damaged_build_is_written_again(out: Path, damage: str) -> None:
    write_build(out, build("a"), ORIGIN)
    whole = tree(out)
    script = out / "rc.d/cell_web"
    match damage:
        case "content":
            script.write_bytes(b"#!/bin/sh\nb")
        case "mode":
            script.chmod(0o644)
        case "missing":
            script.unlink()
        case "extra":
            (out / "rc.d/other").touch()
        case _:
            (out / "SHA256").write_text("")
    assert write_build(out, build("a"), ORIGIN)
    assert tree(out) == whole


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.tuples(st.binary(max_size=9), st.sampled_from((0o644, 0o755))))


@given(FILES)
def test_two_writes_make_identical_trees(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, tuple[bytes, int]]
) -> None:
    artifacts = [Artifact(path, *rest) for path, rest in sorted(files.items())]
    first, second = (tmp_path_factory.mktemp("out") / name for name in ("x", "y"))
    try:
        write_build(first, artifacts, ORIGIN)
    except ValueError:
        assert any(a.path.startswith(b.path + "/") for a in artifacts for b in artifacts)
        assert not first.exists()
        return
    write_build(second, reversed(artifacts), ORIGIN)
    assert tree(first) == tree(second)
    assert len(tree(first) or ()) == len(files) + 2


@pytest.mark.parametrize(
    "path",
    ["", "/x", "../x", "a/../x", "a//b", "./a", "a/", ".", "a\nb", "manifest.json", "SHA256"],
)
def test_a_path_outside_or_taken_is_a_mistake(out: Path, path: str) -> None:
    with pytest.raises(ValueError, match=r"path"):
        write_build(out, [Artifact(path, b"")], ORIGIN)
    assert not out.exists()


def test_a_path_twice_is_a_mistake(out: Path) -> None:
    for other in ("a", "a/b"):
        with pytest.raises(ValueError, match="share"):
            write_build(out, [Artifact("a", b""), Artifact(other, b"")], ORIGIN)


def test_bsd_checksums_are_right(out: Path) -> None:
    write_build(out, build("a"), ORIGIN)
    argv = ["sha256sum", "--check", "--strict", "SHA256"]
    listed = subprocess.run(argv, cwd=out, check=True, capture_output=True, text=True).stdout
    assert listed.count(": OK") == len(build("a")) + 1


def test_a_signature_covers_the_manifest(out: Path) -> None:
    write_build(out, build("a"), ORIGIN, sign=lambda manifest: b"signed " + manifest)
    manifest = (out / "manifest.json").read_bytes()
    assert (out / "manifest.json.sig").read_bytes() == b"signed " + manifest
    assert b"(manifest.json.sig)" in (out / "SHA256").read_bytes()
    assert not write_build(out, build("a"), ORIGIN, sign=lambda manifest: b"signed " + manifest)


def refused(path: Path, words: str) -> None:
    with pytest.raises(OutputError, match=words):
        write_build(path, build("a"), ORIGIN)
    assert not [name for name in os.listdir(path.parent) if "cellc" in name]


def test_foreign_directories_are_left_alone(out: Path) -> None:
    out.mkdir()
    (out / "thesis.tex").write_text("x")
    refused(out, "not made by cellc")
    for content in ("", "{}", "[1]", "{", "[" * 100_000, '{"tool": {"name": "webpack"}}'):
        (out / "manifest.json").write_text(content)
        refused(out, "not made by cellc")
    assert (out / "thesis.tex").read_text() == "x"


def test_an_empty_directory_is_taken(out: Path) -> None:
    out.mkdir()
    assert write_build(out, build("a"), ORIGIN)


def test_a_build_of_another_version_is_replaced(out: Path) -> None:
    out.mkdir()
    (out / "manifest.json").write_text('{"format": 9, "tool": {"name": "cellc"}}')
    assert write_build(out, build("a"), ORIGIN)


def test_files_and_links_are_left_alone(out: Path, tmp_path: Path) -> None:
    out.write_text("x")
    refused(out, "not a directory")
    assert out.read_text() == "x"
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real")
    refused(link, "symbolic link")
    refused(Path("/"), "root directory")


def test_what_the_disk_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "build", tmp_path / ("x" * 250)):
        with pytest.raises(OutputError, match="cannot write"):
            write_build(path, build("a"), ORIGIN)


def test_missing_parents_are_made(tmp_path: Path) -> None:
    assert write_build(tmp_path / "x" / "y" / "build", build("a"), ORIGIN)


def test_one_build_at_a_time(out: Path) -> None:
    name = durable.beside(str(out), "lock")
    with open(name, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="another cellc"):
            write_build(out, build("a"), ORIGIN)
        assert not out.exists()
    assert write_build(out, build("a"), ORIGIN)
    assert not os.path.exists(name)


def test_a_failed_build_leaves_the_old_one(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_build(out, build("a"), ORIGIN)
    before = tree(out)

    def full(path: str, content: bytes, mode: int) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(durable, "create_file", full)
    with pytest.raises(OutputError, match="No space left"):
        write_build(out, build("b"), ORIGIN)
    assert tree(out) == before
    assert os.listdir(out.parent) == ["build"]


@pytest.mark.parametrize("before", ["nothing", "empty", "old"])
def test_killed_at_any_call_it_is_the_old_build_or_the_new_one(out: Path, before: str) -> None:
    def prepare() -> None:
        shutil.rmtree(out.parent)
        out.parent.mkdir()
        if before == "empty":
            out.mkdir()
        if before == "old":
            write_build(out, build("old"), ORIGIN)

    prepare()
    old = tree(out)
    write_build(out, build("new"), ORIGIN)
    new = tree(out)
    assert new != old

    results = []
    call = 1
    while True:
        prepare()
        killed = dies_at(call, lambda: write_build(out, build("new"), ORIGIN))
        assert tree(out) in (old, new, None), f"half a build after call {call}"
        recover(out)
        results.append(tree(out))
        assert results[-1] in (old, new), f"not recovered after call {call}"
        assert {path.name for path in out.parent.iterdir()} <= {"build"}
        if not killed:
            break
        call += 1
    assert call > 40
    assert results[0] == old
    assert results[-1] == new


def test_killed_while_recovering_it_recovers_the_next_time(out: Path) -> None:
    def prepare() -> None:
        shutil.rmtree(out.parent)
        out.parent.mkdir()
        write_build(out, build("old"), ORIGIN)
        os.rename(out, durable.beside(str(out), "old"))
        shutil.copytree(durable.beside(str(out), "old"), durable.beside(str(out), "new"))

    write_build(out, build("old"), ORIGIN)
    old = tree(out)
    call = 1
    while True:
        prepare()
        killed = dies_at(call, lambda: recover(out))
        recover(out)
        assert tree(out) == old
        assert os.listdir(out.parent) == ["build"]
        if not killed:
            break
        call += 1
    assert call > 10


def test_a_large_build_is_written(out: Path) -> None:
    """Above some number of files the disk is waited for once, not file by file."""
    files = [Artifact(f"rc.d/cell_{n}", b"x") for n in range(300)]
    assert write_build(out, files, Origin("0", "1", "2"))
    assert len(tree(out) or ()) == 302
