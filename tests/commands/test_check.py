from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from compiler import files
from tests.commands.conftest import WEB, Run


def test_success_is_quiet(cellc: Run) -> None:
    result = cellc("check", "web.cell", "--today", "2026-11-24")
    assert (result.exit_code, result.output) == (0, "")


def test_a_directory_stands_for_its_policies(cellc: Run, folder: Path) -> None:
    (folder / "part.cell").write_text("profile p extends theirs { }")
    (folder / "more").mkdir()
    (folder / "more" / "other.cell").write_text("policy other; target netbsd 9.5;")
    result = cellc("check", ".")
    assert result.exit_code == 1
    assert "error[E02" in result.stderr
    assert "more/other.cell:1:" in result.stderr
    assert "part.cell" not in result.stderr


@pytest.mark.parametrize(
    "header",
    [
        "\ufeffpolicy x; target netbsd 9.5;",
        "policy\n  x;\ntarget netbsd 9.5;",
        "target netbsd 9.5; policy x;",
    ],
)
def test_policies_are_found_however_they_begin(cellc: Run, folder: Path, header: str) -> None:
    (folder / "other.cell").write_text(header)
    result = cellc("check", ".")
    assert result.exit_code == 1
    assert "other.cell:" in result.stderr


def test_a_directory_without_policies_is_no_success(cellc: Run, folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "part.cell").write_text("let ports = 80;\n")
    result = cellc("check", "web.cell", "more", "--today", "2026-11-24")
    assert result.exit_code == 2
    assert "no `.cell` file below `more` has a `policy` line" in result.stderr
    assert cellc("check", ".", "--today", "2026-11-24").exit_code == 0


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_directory_that_cannot_be_read_is_no_success(
    cellc: Run, shut: Path, command: str
) -> None:
    for path in (".", "shut"):
        result = cellc(command, path, "--today", "2026-11-24")
        assert result.exit_code == 1
        assert f"error[E0204]: cannot read `{shut}`: permission denied" in result.stderr
        assert "help: check its permissions, and those of the directories above" in result.stderr


def test_what_can_be_read_by_now_is_checked_again(cellc: Run, shut: Path) -> None:
    words = ("check", ".", "--cache-dir", "kept", "--today", "2026-11-24")
    assert [cellc(*words).exit_code for _ in range(2)] == [1, 1]
    shut.rename("open")
    assert cellc(*words).exit_code == 0


@pytest.fixture
def shut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory below `folder` that nobody can list by this name, not even root."""
    (folder / "shut").mkdir()

    def scandir(path: str) -> object:
        if os.path.basename(path) == "shut":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    real = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)
    return Path("shut")


def test_what_is_called_like_a_policy_and_is_none_is_no_success(cellc: Run, folder: Path) -> None:
    (folder / "lost.cell").symlink_to("nothing")
    (folder / "wide.cell").write_bytes("policy wide;".encode("utf-16"))
    os.mkfifo(folder / "pipe.cell")
    result = cellc("check", ".", "--today", "2026-11-24")
    assert result.exit_code == 1
    assert "cannot read `lost.cell`: no such file or directory" in result.stderr
    assert "cannot read `pipe.cell`: not a regular file" in result.stderr
    assert "error[E0206]: `wide.cell` is not UTF-8 in line 1" in result.stderr


def test_what_was_not_read_passes_no_test(cellc: Run, folder: Path) -> None:
    os.mkfifo(folder / "pipe.cell")
    result = cellc("check", ".", "--format", "junit", "--today", "2026-11-24")
    assert result.exit_code == 1
    assert '<testcase name="no findings" classname="web.cell" />' in result.stdout
    assert result.stdout.count("no findings") == 1


@pytest.mark.parametrize("kind", ["directory", "link"])
def test_a_configuration_that_cannot_be_read_is_an_error(
    cellc: Run, folder: Path, kind: str
) -> None:
    if kind == "link":
        (folder / "cellc.toml").symlink_to("shared/cellc.toml")
    else:
        (folder / "cellc.toml").mkdir()
    for command in (("check", "."), ("build", "web.cell", "-o", "out")):
        result = cellc(*command, "--today", "2026-11-24")
        assert result.exit_code in (1, 2)
        assert "error[E0204]: cannot read `cellc.toml`" in result.stderr


def test_a_command_that_does_not_exist_is_told_from_its_neighbour(cellc: Run) -> None:
    result = cellc("chek", ".")
    assert result.exit_code == 2
    assert "No such command 'chek': did you mean `check`?" in result.stderr


def test_paths_are_shown_as_seen_from_here(cellc: Run, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "deep").mkdir()
    (folder / "deep" / "bad.cell").write_text("policy bad; target netbsd 10.1; cell a { }")
    result = cellc("check", "deep/bad.cell", "--format", "json")
    assert json.loads(result.stdout.splitlines()[0])["span"]["file"] == "deep/bad.cell"
    assert "--> deep/bad.cell:1:" in cellc("check", "deep/bad.cell").stderr


def test_json_goes_to_standard_output(cellc: Run, folder: Path) -> None:
    (folder / "bad.cell").write_text(WEB.replace("confined", "confind"))
    result = cellc("check", "bad.cell", "--format", "json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert rows
    assert all(row["severity"] == "error" for row in rows)
    assert "confined" in rows[0]["help"]


def test_a_finding_without_a_place_is_at_the_policy_that_was_checked(
    cellc: Run, folder: Path
) -> None:
    (folder / "more").mkdir()
    os.mkfifo(folder / "more" / "pipe.cell")
    command = ("check", "web.cell", "more", "gone.cell", "--ignore", "ALL")
    issues = json.loads(cellc(*command, "--format", "gitlab").stdout)
    where = [issue["location"]["path"] for issue in issues]
    assert where == ["gone.cell", "more/pipe.cell"]
    (run,) = json.loads(cellc(*command, "--format", "sarif").stdout)["runs"]
    first, second = (result["locations"] for result in run["results"])
    assert first == [{"physicalLocation": {"artifactLocation": {"uri": "gone.cell"}}}]
    assert second == [{"physicalLocation": {"artifactLocation": {"uri": "more/pipe.cell"}}}]


def test_sarif_is_one_document(cellc: Run) -> None:
    result = cellc("check", "web.cell", "--format", "sarif")
    assert json.loads(result.stdout)["version"] == "2.1.0"


def test_today_decides_what_has_expired(cellc: Run) -> None:
    assert cellc("check", "web.cell", "--today", "2027-06-30").exit_code == 0
    assert cellc("check", "web.cell", "--today", "2027-07-01").exit_code == 1
    assert cellc("check", "web.cell", "--today", "yesterday").exit_code == 2


def test_a_missing_file_is_reported(cellc: Run) -> None:
    result = cellc("check", "nothing.cell")
    assert result.exit_code == 1
    assert "cannot read" in result.stderr


def test_wrong_use(cellc: Run) -> None:
    assert cellc("check").exit_code == 2
    assert cellc("chekc", "web.cell").exit_code == 2


def test_help_teaches(cellc: Run) -> None:
    for command in ("build", "check", "fmt", "test", "explain", "query"):
        result = cellc(command, "--help")
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) > 6


def test_a_pattern_may_be_about_cells_that_could_not_be_read(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(f'import "shop.cell";\n{WEB}group shops = {{ shop-* }};\n')
    result = cellc("check", "web.cell", "--today", "2026-11-24")
    assert "E0204" in result.stderr
    assert "COR007" not in result.stderr
    (folder / "web.cell").write_text(
        f"{WEB}group shops = {{ shop-* }};\ncell shop-a {{ profile }}\n"
    )
    result = cellc("check", "web.cell", "--today", "2026-11-24")
    assert "E01" in result.stderr
    assert "COR007" not in result.stderr


def test_a_file_that_may_not_be_read_is_there(
    cellc: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "wed.cell").touch()

    def refused(path: str) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(files, "_read", refused)
    result = cellc("test", "web.cell")
    assert "permission denied" in result.stderr
    assert "did you mean" not in result.stderr
