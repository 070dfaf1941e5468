"""Results that are kept change nothing but the time that a check takes."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler import cache, files
from compiler.cli.main import main
from compiler.commands import results
from compiler.render.formats import FORMATS
from compiler.replay import Replay
from tests.commands.conftest import WEB

Printed = tuple[object, str, str]

_BAD = "policy bad;\ntarget netbsd 10.1;\ncell a { profile confind; }\n"
_NOTED = WEB.replace("profile confined", "permissive; profile confined")
_IMPORTS = 'import "part.cell";\n'


def check(*words: str) -> Printed:
    """One run of the command as `compiler.cli.start` makes it."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        replay = Replay(("check", *words))
        status: object = replay.printed()
        if status is None:
            try:
                main(("check", *words), "cellc", obj=replay)
            except SystemExit as end:
                status = end.code
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of two policies, one of which imports a third file."""
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "web.cell").write_text(WEB)
    (folder / "bad.cell").write_text(_BAD + _IMPORTS)
    (folder / "part.cell").write_text("let port = 80;\n")
    return folder


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of policies, as they are compiled."""
    seen: list[str] = []
    real = results.Results._check

    def noted(self: results.Results, policy: Path, *rest: object) -> results.Result:
        seen.append(policy.name)
        return real(self, policy, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(results.Results, "_check", noted)
    return seen


CACHE = ("--cache-dir", "../cache")


def test_nothing_is_compiled_again(tree: Path, compiled: list[str]) -> None:
    first = check(".", *CACHE)
    assert compiled == ["bad.cell", "web.cell"]
    assert first[0] == 1
    assert check(".", *CACHE) == first
    assert compiled == ["bad.cell", "web.cell"]


def test_only_what_depends_on_a_change_is_compiled(tree: Path, compiled: list[str]) -> None:
    first = check(".", *CACHE)
    (tree / "part.cell").write_text("let port = 81;\n")
    del compiled[:]
    assert check(".", *CACHE) == first
    assert compiled == ["bad.cell"]


def test_one_policy_is_known_from_a_check_of_all(tree: Path, compiled: list[str]) -> None:
    check(".", *CACHE)
    del compiled[:]
    assert check("web.cell", "bad.cell", "--format", "json", *CACHE)[0] == 1
    assert compiled == []


def test_a_date_is_part_of_the_question(tree: Path) -> None:
    assert check("web.cell", "--today", "2027-06-30", *CACHE)[0] == 0
    assert check("web.cell", "--today", "2027-07-01", *CACHE)[0] == 1


def test_another_tool_finds_nothing(
    tree: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(".", *CACHE)
    del compiled[:]
    monkeypatch.setattr(cache, "VERSION", "0.0.0")
    check(".", *CACHE)
    assert compiled == ["bad.cell", "web.cell"]


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
def test_how_findings_are_shown_is_part_of_the_question(
    tree: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Replay(("check", ".")).name
    monkeypatch.setenv(variable, "dumb")
    assert Replay(("check", ".")).name != before


def test_no_cache_keeps_nothing(tree: Path) -> None:
    check(".", "--no-cache", *CACHE)
    assert not (tree / "../cache").exists()


def test_writing_is_never_left_out(tree: Path) -> None:
    words = (".", "--baseline", "known", *CACHE)
    (tree / "bad.cell").write_text(_NOTED)
    for _ in range(2):
        assert check(*words, "--baseline-mode", "create")[0] == 0
        (tree / "known").unlink()


EDITS = st.one_of(
    st.tuples(
        st.sampled_from(["web.cell", "bad.cell", "part.cell", "deep/more.cell"]),
        st.sampled_from(
            [WEB, _BAD, _BAD + _IMPORTS, _NOTED + _IMPORTS, "let port = 80;\n", "\xff"]
        ),
    ),
    st.tuples(
        st.sampled_from(["cellc.toml", "deep/cellc.toml"]),
        st.sampled_from(['[lint]\nignore = ["SEC"]\n', '[lint]\nselect = ["SEC001"]\n', "x"]),
    ),
    st.tuples(st.sampled_from(["web.cell", "part.cell", "cellc.toml"]), st.none()),
    st.tuples(st.just("link"), st.sampled_from(["web.cell", "bad.cell", "nothing"])),
)
OUTPUT = st.one_of(
    st.sampled_from([("--format", name) for name in ("text", *FORMATS)]),
    st.sampled_from([("--statistics",), ("--max-findings", "1"), ("--baseline", "known")]),
)


@given(st.lists(st.tuples(EDITS, OUTPUT), min_size=1, max_size=5))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_output_is_the_same_with_and_without(
    tree: Path, edits: list[tuple[tuple[str, str | None], tuple[str, ...]]]
) -> None:
    with contextlib.suppress(FileNotFoundError):
        (tree / "known").unlink()
    check(".", "--baseline", "known", "--baseline-mode", "create", "--no-cache")
    for (name, text), output in edits:
        _edit(tree / name, text)
        paths = (".", "link.cell", "web.cell")
        real = check(*paths, *output, "--no-cache")
        assert check(*paths, *output, *CACHE) == real
        assert check(*paths, *output, *CACHE) == real


def _edit(path: Path, text: str | None) -> None:
    if path.name == "link":
        path = path.with_suffix(".cell")
        path.unlink(missing_ok=True)
        path.symlink_to(str(text))
    elif text is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "latin-1")


def _entries(folder: Path) -> Iterator[Path]:
    return (path for path in (folder / "../cache").iterdir() if len(path.name) == 32)


@given(st.data())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_entries_are_as_good_as_none(tree: Path, data: st.DataObject) -> None:
    shutil.rmtree(tree / "../cache", ignore_errors=True)
    real = check(".", *CACHE)
    for path in sorted(_entries(tree)):
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        how = data.draw(st.sampled_from(["flip", "cut", "none", "foreign"]))
        if how == "flip":
            content[at] ^= data.draw(st.integers(1, 255))
        elif how == "cut":
            del content[at:]
        elif how == "foreign":
            content[:] = cache.packed([b"", b"0", b"1all is well\n"])
        path.write_bytes(content)
    assert check(".", *CACHE) == real


def test_what_another_wrote_with_another_key_is_not_taken(tree: Path) -> None:
    real = check(".", *CACHE)
    (tree / "../cache/key").write_bytes(bytes(32))
    assert check(".", *CACHE) == real
    for path in _entries(tree):
        path.write_bytes(path.read_bytes()[:32] + cache.packed([b"", b"0"]))
    assert check(".", *CACHE) == real


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
def test_a_damaged_key_is_made_anew(tree: Path, key: bytes, compiled: list[str]) -> None:
    check(".", *CACHE)
    (tree / "../cache/key").write_bytes(key)
    check(".", *CACHE)
    del compiled[:]
    check(".", *CACHE)
    assert compiled == []


def test_a_directory_that_others_write_to_is_no_cache(tree: Path) -> None:
    real = check(".", *CACHE)
    (tree / "../cache").chmod(0o777)
    status, out, err = check(".", *CACHE)
    assert (status, out) == real[:2]
    assert err == "cellc: ../cache is no cache: others may write to it\n" + real[2]


def test_a_file_is_no_cache(tree: Path) -> None:
    words = ("--cache-dir", "web.cell")
    assert "cellc: web.cell cannot be a cache" in check(".", *words)[2]


def test_what_was_not_used_for_long_goes(tree: Path) -> None:
    check(".", *CACHE)
    folder = tree / "../cache"
    old = sorted(_entries(tree))
    for path in old:
        os.utime(path, (0, 0))
    (folder / ".new-1-2").write_bytes(b"half an ent")
    os.utime(folder / ".new-1-2", (0, 0))
    os.utime(folder / "pruned", (0, 0))
    (tree / "web.cell").write_text(_NOTED)
    check("web.cell", *CACHE)
    left = {path.name for path in folder.iterdir()}
    assert all(path.stat().st_mtime > 0 for path in _entries(tree))
    assert len(left & {path.name for path in old}) == 1  # about web.cell, and new
    assert ".new-1-2" not in left
    assert {"key", "CACHEDIR.TAG", ".gitignore"} <= left


def test_what_is_used_stays(tree: Path) -> None:
    check("web.cell", *CACHE)
    for path in _entries(tree):
        os.utime(path, (0, 0))
    check("web.cell", *CACHE)
    assert any(path.stat().st_mtime > 0 for path in _entries(tree))


def test_files_that_change_meanwhile_leave_no_result(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = results.Results._check

    def edited(self: results.Results, policy: Path, *rest: object) -> results.Result:
        policy.write_text(WEB)
        return real(self, policy, *rest)  # type: ignore[arg-type]

    (tree / "web.cell").unlink()
    monkeypatch.setattr(results.Results, "_check", edited)
    check(".", *CACHE)
    monkeypatch.undo()
    os.chdir(tree)
    (tree / "bad.cell").write_text(_BAD)
    assert check(".", *CACHE) == check(".", "--no-cache")


def test_every_file_that_is_read_is_noted(tree: Path) -> None:
    """Whatever a check opens, besides what belongs to cellc and Python, is in its notes."""
    (tree / "cellc.toml").write_text('[lint]\nextend-select = ["ALL"]\n')
    opened: set[str] = set()
    watching = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("open", "os.listdir", "os.scandir"):
            opened.add(os.path.abspath(os.fsdecode(str(arguments[0]))))

    sys.addaudithook(hook)
    with files.Notes() as notes:
        check(".", "--no-cache", "--baseline", "part.cell")
    watching = False
    noted = {os.path.abspath(path) for _, path in notes.answers}
    inside = {path for path in opened if path.startswith(str(tree))}
    assert inside <= noted
    assert {str(tree), str(tree / "web.cell"), str(tree / "cellc.toml")} <= inside
