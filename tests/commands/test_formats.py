"""`cellc check --format` and `--baseline`, as CI jobs use them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from compiler.render.formats import FORMATS
from tests.commands.conftest import WEB, Run

#: Findings of lint alone.
LINTED = WEB.replace("profile confined;\n    user", "profile confined;\n    permissive;\n    user")
DAY = ("--today", "2026-11-24")


@pytest.fixture
def linted(folder: Path) -> Path:
    (folder / ".git").mkdir()
    (folder / "web.cell").write_text(LINTED)
    return folder


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_goes_to_standard_output(cellc: Run, linted: Path, format: str) -> None:
    result = cellc("check", "web.cell", "--format", format, "--select", "SEC001", *DAY)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "SEC001" in result.stdout
    assert "web.cell" in result.stdout


def test_one_document_holds_policies_of_several_roots_apart(cellc: Run, linted: Path) -> None:
    for name in ("a", "b"):
        (linted / name).mkdir()
        (linted / name / "cellc.toml").touch()
        (linted / name / "web.cell").write_text(LINTED)
    result = cellc("check", "a", "b", "--format", "json", "--select", "SEC001", *DAY)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["span"]["file"] for row in rows] == ["a/web.cell", "b/web.cell"]
    assert rows[0]["fingerprint"] != rows[1]["fingerprint"]
    suites = cellc("check", "a", "b", "--format", "junit", "--select", "STY002", *DAY)
    names = [suite.get("name") for suite in ElementTree.fromstring(suites.stdout)]
    assert names == ["a/web.cell", "b/web.cell"]


def test_fingerprints_do_not_depend_on_where_cellc_runs(
    cellc: Run, linted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--format", "json", "--select", "SEC001", *DAY)
    here = json.loads(cellc("check", "web.cell", *options).stdout)
    (linted / "deep").mkdir()
    monkeypatch.chdir(linted / "deep")
    there = json.loads(cellc("check", "../web.cell", *options).stdout)
    assert there["fingerprint"] == here["fingerprint"]
    assert there["span"]["file"] == "../web.cell"


def baseline(cellc: Run, mode: str, *more: str) -> tuple[int, str]:
    result = cellc(
        "check", "web.cell", "--baseline", "known", "--baseline-mode", mode,
        "--select", "SEC001", "--fail-on", "note", *DAY, *more,
    )  # fmt: skip
    return result.exit_code, result.stderr


def test_a_baseline_hides_what_it_lists_and_only_shrinks(cellc: Run, linted: Path) -> None:
    known, policy = linted / "known", linted / "web.cell"
    status, said = baseline(cellc, "check")
    assert status == 2
    assert "--baseline-mode create makes it" in said

    assert baseline(cellc, "create") == (0, "")
    first = known.read_text()
    assert " SEC001 web.cell\n" in first
    assert baseline(cellc, "create")[0] == 2
    assert known.read_text() == first

    policy.write_text("# moved\n\n" + LINTED)
    assert baseline(cellc, "check") == (0, "")

    more = LINTED.replace('user "1001";', 'user "1001"; permissive;')
    policy.write_text(more)
    status, said = baseline(cellc, "check")
    assert (status, said.count("SEC001")) == (1, 1)
    assert baseline(cellc, "shrink")[0] == 1
    assert known.read_text() == first

    policy.write_text(WEB)
    status, said = baseline(cellc, "check")
    assert status == 0
    assert "1 of the findings in known are gone" in said
    assert known.read_text() == first
    assert baseline(cellc, "shrink") == (0, "")
    assert "SEC001" not in known.read_text()


def test_what_was_not_checked_is_not_gone(cellc: Run, linted: Path) -> None:
    assert baseline(cellc, "create") == (0, "")
    (linted / "other.cell").write_text(WEB)
    result = cellc("check", "other.cell", "--baseline", "known", *DAY, "--select", "SEC001")
    assert (result.exit_code, result.stderr) == (0, "")


def test_no_baseline_holds_errors(cellc: Run, linted: Path) -> None:
    (linted / "web.cell").write_text(LINTED.replace("confined", "confind"))
    assert baseline(cellc, "create")[0] == 1
    assert "E0" not in (linted / "known").read_text()
    assert baseline(cellc, "check")[0] == 1


@pytest.mark.parametrize("content", [b"SEC001 web.cell\n", b"\xff", b"0" * 32 + b" SEC001 \n"])
def test_files_that_are_no_baseline(cellc: Run, linted: Path, content: bytes) -> None:
    (linted / "known").write_bytes(content)
    for mode in ("check", "shrink"):
        status, said = baseline(cellc, mode)
        assert status == 2
        assert "cannot be read as a baseline" in said
    assert (linted / "known").read_bytes() == content


def test_a_mode_without_a_file_is_wrong_use(cellc: Run, linted: Path) -> None:
    result = cellc("check", "web.cell", "--baseline-mode", "create")
    assert result.exit_code == 2
    assert "needs --baseline FILE" in result.stderr
