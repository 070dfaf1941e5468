"""Questions about files: their answers are the system's, and notes tell when they change."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler import files
from compiler.files import Notes

COMPILER = Path(__file__).parents[1] / "compiler"

#: Ways to look at files that take no notes.
_LOOKS = {
    *("exists", "lexists", "is_file", "is_dir", "is_symlink", "isfile", "isdir", "islink"),
    *("realpath", "read_bytes", "read_text", "stat", "lstat", "rglob"),
    *("listdir", "scandir", "walk", "iterdir", "open", "readlink", "samefile"),
}
#: What a check runs besides; data of the compiler itself lies beside its modules.
_CHECK = ("names", "model", "lowering", "analysis", "checks", "lint", "render", "syntax")
#: Calls that look at that data without its modules' `__file__`.
_OURS = ("folder.joinpath(", "os.listdir(folder)")


@pytest.fixture(autouse=True)
def anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("package", _CHECK)
def test_whoever_looks_at_files_takes_notes(package: str) -> None:
    for path in (COMPILER / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node)
                ours = called.startswith(_OURS) or "__file__" in called
                assert ours or node.func.attr not in _LOOKS, f"{path}:{node.lineno}"


def test_answers_are_the_systems(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.cell").write_text("a")
    (tmp_path / "b.cell").symlink_to("deep/a.cell")
    (tmp_path / "around.cell").symlink_to("around.cell")
    (tmp_path / "way").symlink_to("deep")
    (tmp_path / "way.cell").symlink_to("deep")
    (tmp_path / "lost").symlink_to("nothing")
    (tmp_path / "lost.cell").symlink_to("nothing")
    (tmp_path / ".#b.cell").symlink_to("someone@host.1:2")
    (tmp_path / "deep/.hidden/more").mkdir(parents=True)
    (tmp_path / "deep/.hidden/more/c.cell").write_text("c")
    (tmp_path / ".d.cell").write_text("d")
    os.mkfifo("pipe.cell")
    paths = ("deep/a.cell", "b.cell", "around.cell", "way", "way/a.cell", "way/../b.cell")
    for path in (*paths, "lost", "no/thing", ".", "..", "deep/", "x" * 300, "lost/more"):
        assert files.real(path) == os.path.realpath(path), path
        assert bool(files.kind(path)) == (len(path) < 256 and os.path.exists(path)), path
    unreadable = ["./around.cell", "./lost.cell", "./pipe.cell"]
    assert sorted(files.below(".")) == sorted(["./b.cell", "./deep/a.cell", *unreadable])
    assert files.below("way") == ["way/a.cell"]
    assert files.names("deep") == ["a.cell"]
    assert files.names("nothing") == []
    assert files.read("way/a.cell") == b"a"
    with pytest.raises(IsADirectoryError):
        files.read("way")
    with pytest.raises(files.NotRegularError):
        files.read("pipe.cell")


def test_more_than_the_limit_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 5)
    (tmp_path / "a").write_bytes(b"0123456789")
    assert files.read("a") == b"012345"
    (tmp_path / "a").write_bytes(b"01234")
    assert files.read("a") == b"01234"


def _replaced_by_a_directory() -> None:
    Path("a.cell").unlink()
    Path("a.cell").mkdir()


def _another_link() -> None:
    Path("link").unlink()
    Path("link").symlink_to("deep")


CHANGES: dict[str, Callable[[], object]] = {
    "content": lambda: Path("a.cell").write_text("b"),
    "gone": lambda: Path("a.cell").rename("b"),
    "appeared": lambda: Path(".git").write_text(""),
    "listed": lambda: Path("deep/new.cell").write_text(""),
    "link": _another_link,
    "directory": _replaced_by_a_directory,
}


@pytest.mark.parametrize("change", CHANGES)
def test_notes_tell_when_an_answer_changes(tmp_path: Path, change: str) -> None:
    Path("a.cell").write_text("a")
    Path("deep").mkdir()
    Path("link").symlink_to("a.cell")
    with Notes() as notes:
        files.read("a.cell")
        files.kind(".git")
        files.below(".")
        files.real("link")
    assert notes.hold()
    Path("unasked").write_text("")
    assert notes.hold()
    CHANGES[change]()
    assert not notes.hold()


def test_notes_that_hold_are_noted_by_others() -> None:
    with Notes() as inner:
        files.kind("a")
    with Notes() as outer:
        assert inner.hold()
    assert outer.answers == inner.answers


def test_two_answers_tear_notes() -> None:
    Path("a").write_text("1")
    with Notes() as notes:
        files.read("a")
        assert not notes.torn
        Path("a").write_text("2")
        files.read("a")
    assert notes.torn
