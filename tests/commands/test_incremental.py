"""`cellc build --incremental`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from compiler.commands import build as commands_build
from compiler.commands import former
from compiler.rebuild import rebuild
from tests.commands.conftest import Run
from tests.commands.test_build import DAY, tree

POLICY = """\
policy web;
target netbsd 10.1;
cell a { profile confined; user "www"; deny system.reboot; }
cell b { profile confined; user "www"; deny system.reboot; }
"""
EDITED = POLICY.replace("reboot", "swapctl", 1)
QUICK = ("--no-cert", *DAY)


@pytest.fixture
def kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a policy, and one for what builds keep."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    (folder / "p.cell").write_text(POLICY)
    return folder


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each build, whether cells were taken over from the one before."""
    found: list[bool] = []
    whole = rebuild._Rebuilding.run

    def run(self: rebuild._Rebuilding, files: rebuild.Files) -> rebuild.Rebuilt:
        found.append(False)
        made = whole(self, files)
        found[-1] = True
        return made

    monkeypatch.setattr(rebuild._Rebuilding, "run", run)
    return found


def build(cellc: Run, *options: str) -> None:
    result = cellc("build", "p.cell", "-o", "out", "--incremental", *QUICK, *options)
    assert (result.exit_code, result.output) == (0, "")


def test_builds_what_a_whole_build_makes(cellc: Run, kept: Path, taken: list[bool]) -> None:
    build(cellc)
    assert not taken  # nothing had been kept
    build(cellc)
    (kept / "p.cell").write_text(EDITED)
    build(cellc)
    assert taken == [True, True]
    assert cellc("build", "p.cell", "-o", "whole", *QUICK).exit_code == 0
    assert tree(kept / "out") == tree(kept / "whole")
    assert b'["system.swapctl"]' in tree(kept / "out")["policy.ir.json"]


def test_with_a_certificate(cellc: Run, kept: Path, taken: list[bool]) -> None:
    for text in (POLICY, POLICY, EDITED):
        (kept / "p.cell").write_text(text)
        result = cellc("build", "p.cell", "-o", "out", "--incremental", *DAY)
        assert (result.exit_code, result.output) == (0, "")
    assert taken[-1]
    assert cellc("verify", "out").exit_code == 0
    assert cellc("build", "p.cell", "-o", "whole", *DAY).exit_code == 0
    assert tree(kept / "out") == tree(kept / "whole")


@pytest.mark.parametrize(
    "options",
    [
        ("--today", "2026-11-25"),
        ("--backend", "kmod"),
        ("--require", "full"),
    ],
)
def test_another_build_is_no_build_before(
    cellc: Run, kept: Path, taken: list[bool], options: tuple[str, ...]
) -> None:
    build(cellc)
    (kept / "p.cell").write_text(EDITED)
    cellc("build", "p.cell", "-o", "out", "--incremental", *QUICK, *options)
    assert not taken


@pytest.mark.parametrize("name", ["policy.ir.json", "ledger.json", "policy.map.json"])
def test_nor_is_one_that_was_changed(cellc: Run, kept: Path, taken: list[bool], name: str) -> None:
    build(cellc)
    path = kept / "out" / name
    path.write_bytes(path.read_bytes().replace(b"deny", b"allow"))
    (kept / "p.cell").write_text(EDITED)
    build(cellc)
    assert not taken
    assert cellc("verify", "out").exit_code == 0


def test_nor_one_under_another_configuration(cellc: Run, kept: Path, taken: list[bool]) -> None:
    build(cellc)
    (kept / "cellc.toml").write_text('[lint]\nignore = ["DEP"]\n')
    (kept / "p.cell").write_text(EDITED)
    build(cellc)
    assert not taken


def test_nor_one_whose_memory_is_damaged(cellc: Run, kept: Path, taken: list[bool]) -> None:
    build(cellc)
    for path in (kept / "cache" / "cellc").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
    (kept / "p.cell").write_text(EDITED)
    build(cellc)
    assert not taken


def test_nothing_is_kept_of_what_there_is_something_to_say_about(
    cellc: Run, kept: Path, taken: list[bool]
) -> None:
    warned = POLICY.replace('user "www";', 'user "www"; listen tcp 80;', 1)
    for text in (warned, warned, warned.replace("reboot", "swapctl", 1)):
        (kept / "p.cell").write_text(text)
        result = cellc("build", "p.cell", "-o", "out", "--incremental", *QUICK)
        assert result.exit_code == 0
        assert "COR004" in result.output
    assert not any(taken)


def test_what_is_ignored_is_nothing_to_say(cellc: Run, kept: Path, taken: list[bool]) -> None:
    ignored = "listen tcp 80;  # cellc: ignore COR004 -- by inetd\n"
    before = POLICY.replace('user "www";', f'user "www"; {ignored}', 1)
    for text in (before, "swapctl".join(before.rsplit("reboot", 1))):
        (kept / "p.cell").write_text(text)
        build(cellc)
    assert taken == [True]
    assert cellc("build", "p.cell", "-o", "whole", *QUICK).exit_code == 0
    assert tree(kept / "out") == tree(kept / "whole")


def test_a_comment_may_ignore_what_stands_in_another_cell(
    cellc: Run, kept: Path, taken: list[bool]
) -> None:
    text = POLICY.replace('user "www";', 'user "www"; listen tcp 80;', 1)
    text = text.replace("}\ncell b {", "} cell b { # cellc: ignore COR004 -- by inetd\n")
    (kept / "p.cell").write_text(text)
    build(cellc)
    (kept / "p.cell").write_text(text.replace("COR004", "COR003"))
    result = cellc("build", "p.cell", "-o", "out", "--incremental", *QUICK)
    assert "COR004" in result.stderr
    assert taken == [False]


def test_mistakes_are_told_as_ever(cellc: Run, kept: Path) -> None:
    build(cellc)
    build(cellc)
    (kept / "p.cell").write_text(EDITED.replace("swapctl", "swap"))
    result = cellc("build", "p.cell", "-o", "out", "--incremental", *QUICK)
    assert result.exit_code == 1
    assert "E0406" in result.output


def test_a_lock_file_that_was_changed_counts(cellc: Run, kept: Path) -> None:
    build(cellc)
    build(cellc)
    lock = kept / "p.cells.lock"
    lock.write_text(lock.read_text().replace("a 1", "a 7"))
    (kept / "p.cell").write_text(EDITED)
    build(cellc)
    assert b'"name": "a", "id": 7' in tree(kept / "out")["policy.ir.json"]


def test_works_without_a_place_to_keep_anything(
    cellc: Run, kept: Path, monkeypatch: pytest.MonkeyPatch, taken: list[bool]
) -> None:
    (kept / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(kept / "file"))
    build(cellc)
    build(cellc)
    assert not taken


@pytest.mark.parametrize("of", [[former], [former, commands_build]], ids=["kept", "kept and built"])
def test_what_another_version_has_kept_is_not_read(
    cellc: Run, kept: Path, taken: list[bool], monkeypatch: pytest.MonkeyPatch, of: list[ModuleType]
) -> None:
    """Packages set dates: only what is in the files tells of an upgrade."""
    with monkeypatch.context() as other:
        other.setattr(former, "pack", lambda _: [b"written in another way"])
        for module in of:
            other.setattr(module, "tool_digest", lambda: "another version")
        build(cellc)
    (kept / "p.cell").write_text(EDITED)
    build(cellc)
    assert not taken
    build(cellc)
    assert taken == [True]
