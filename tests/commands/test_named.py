"""Which files below a directory count, and as what."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Run

_CHECK = ("check", ".", "--today", "2026-11-24", "--fail-on", "error")


@pytest.mark.parametrize("command", [_CHECK, ("test", ".")], ids=["check", "test"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("polcy x;\ntarget netbsd 10.1;\n", "E0102"),
        ("profile p extends low {\n", "E0103"),
        ("cell a { profile low; cell b { } }\n", "E0111"),
        ("# \x1b\n", "E0115"),
        ("let a = 5\nname=x\n", "E0104"),
    ],
)
def test_a_part_that_is_no_text_of_a_policy(
    cellc: Run, folder: Path, command: tuple[str, ...], text: str, code: str
) -> None:
    (folder / "part.cell").write_text(text)
    result = cellc(*command)
    assert result.exit_code == 1
    assert result.stderr.count(f"error[{code}]") == 1
    assert " part.cell:" in result.stderr


@pytest.mark.parametrize("command", [_CHECK, ("test", ".")], ids=["check", "test"])
def test_a_part_below_is_told_once(cellc: Run, folder: Path, command: tuple[str, ...]) -> None:
    web = (folder / "web.cell").read_text()
    (folder / "web.cell").write_text(web + 'import "deep/part.cell";\n')
    (folder / "deep").mkdir()
    (folder / "deep" / "part.cell").write_text("let a = 5 % 3;\n")
    assert cellc(*command).stderr.count("error[E0107]") == 1


@pytest.mark.parametrize("command", [_CHECK, ("test", ".")], ids=["check", "test"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet\n",
        'import "what/others/have.cell";\nprofile p extends theirs { deny system.module; }\n',
        "name=www\n# {\n\n command = /bin/sh -c '{ x; }'\r\nrlimit_x=",
    ],
    ids=["empty", "comment", "library", "manifest"],
)
def test_parts_that_nothing_imports_and_manifests_are_fine(
    cellc: Run, folder: Path, command: tuple[str, ...], text: str
) -> None:
    (folder / "part.cell").write_text(text)
    result = cellc(*command)
    assert result.exit_code == 0
    assert "error" not in result.stderr


def test_a_broken_part_is_told_once(cellc: Run, folder: Path) -> None:
    web = (folder / "web.cell").read_text()
    (folder / "web.cell").write_text(web + 'import "part.cell";\n')
    (folder / "part.cell").write_text("let a = 5 % 3;\n")
    assert cellc(*_CHECK).stderr.count("error[E0107]") == 1
    result = cellc("test", ".", "--format", "junit")
    assert result.stderr.count("error[E0107]") == 1
    assert result.stdout.count("<testsuite ") == 1


def test_a_broken_part_fails_a_report_of_tests(cellc: Run, folder: Path) -> None:
    (folder / "part.cell").write_text("let a = 5 % 3;\n")
    result = cellc("test", ".", "--format", "junit")
    assert '<testsuite name="part.cell" tests="1" failures="1"' in result.stdout


def test_what_is_kept_of_a_part_holds_until_it_changes(cellc: Run, folder: Path) -> None:
    part = folder / "part.cell"
    for text, status in (("lte a = 5;\n", 1), ("lte a = 5;\n", 1), ("let a = 5;\n", 0)):
        part.write_text(text)
        assert cellc(*_CHECK, "--cache-dir", str(folder / "kept")).exit_code == status


@pytest.mark.parametrize(
    "head",
    [
        "policy  x;",
        '@reason "it; is" policy x;',
        "@until 2027-01-01 policy x;",
        '@owner "a \\" #"\npolicy # name\nx;',
        "cell b { profile low; } policy x;",
        "let a = 5; policy x;",
        "\ufeffpolicy x;",
    ],
)
def test_a_policy_line_makes_a_policy(cellc: Run, folder: Path, head: str) -> None:
    text = f'{head}\ntarget netbsd 10.1;\ncell a {{ profile low; }}\ntest "mine" {{ }}\n'
    (folder / "x.cell").write_text(text)
    assert "mine" in cellc("test", ".").stdout


@pytest.mark.parametrize("text", ["# policy x;\n", 'let a = "; policy x";\n', "let policy = 5;\n"])
def test_other_words_make_none(cellc: Run, folder: Path, text: str) -> None:
    (folder / "x.cell").write_text(text)
    result = cellc("test", ".")
    assert (result.exit_code, result.stderr) == (0, "")
