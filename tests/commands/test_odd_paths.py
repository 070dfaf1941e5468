"""Paths that are no policies, given to every command that takes one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Run

COMMANDS = (
    ("build", "{}", "-o", "out"),
    ("explain", "{}", "web system.module"),
    ("query", "{}", "web system.module"),
    ("diff", "{}", "web.cell"),
    ("upgrade", "{}", "--to", "11.0"),
    ("learn", "{}", "web.cell"),
    ("narrow", "{}", "web.cell"),
)
ON_DIRECTORIES_TOO = (("check", "{}"), ("test", "{}"))
DIRECTORIES = (".", "./", "..", "/", "part/..")
FILES = ("no.cell", "web.cell/x", "/dev/null", "a" * 300, "a" * 5000, "-", "a\nb.cell", "\udcff")


def words(command: tuple[str, ...], path: str) -> list[str]:
    return [path if word == "{}" else word for word in command]


@pytest.mark.parametrize("path", DIRECTORIES)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_a_directory_is_no_policy(
    cellc: Run, folder: Path, command: tuple[str, ...], path: str
) -> None:
    (folder / "part").mkdir()
    before = sorted(folder.iterdir())
    result = cellc(*words(command, path))
    assert result.exit_code == 1
    assert "E0204" in result.stderr
    assert "it is a directory" in result.stderr
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "command", [*COMMANDS, ("check", "--fix", "{}"), ("test", "{}")], ids=lambda c: c[0]
)
def test_an_empty_name_is_no_directory(cellc: Run, folder: Path, command: tuple[str, ...]) -> None:
    text = (folder / "web.cell").read_text().replace("tcp 80", "tcp {80}")
    (folder / "web.cell").write_text(text)
    result = cellc(*words(command, ""))
    assert result.exit_code in (1, 2)
    assert "the name is empty" in result.stderr or command[0] == "diff"
    assert (folder / "web.cell").read_text() == text


@pytest.mark.parametrize("path", FILES, ids=lambda p: ascii(p[:12]))
@pytest.mark.parametrize("command", [*COMMANDS, *ON_DIRECTORIES_TOO], ids=lambda c: c[0])
def test_what_cannot_be_read_is_named_as_it_was_typed(
    cellc: Run, command: tuple[str, ...], path: str
) -> None:
    result = cellc(*words(command, path))
    assert result.exit_code == 1
    if path.isprintable():
        assert f"cannot read `{path[:57]}" in result.stderr
    assert "E0204" in result.stderr
