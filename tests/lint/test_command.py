"""`cellc check` and `cellc rule` as people call them."""

from __future__ import annotations

import errno
import gc
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from compiler import durable
from compiler.cli.main import main
from compiler.lint.registry import all_rules

POLICY = """policy p;
target netbsd 10.1;

let spare = 1; # kept
cell web {
    profile confined;
    permissive;
    listen tcp 50000;
}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cellc.toml").touch()
    (tmp_path / "p.cell").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _cellc(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    gc.enable()  # the command turns it off for its process
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _check(*arguments: str) -> Result:
    return _cellc("check", "p.cell", "--today", "2026-11-24", *arguments)


@pytest.mark.usefixtures("site")
def test_select_and_ignore() -> None:
    assert "SEC001" in _check("--select", "SEC").stderr
    assert "COR002" not in _check("--select", "SEC").stderr
    assert _check("--select", "security,STY", "--ignore", "SEC001", "--ignore", "STY").stderr == ""


@pytest.mark.usefixtures("site")
def test_a_selector_of_nothing_is_wrong_use() -> None:
    result = _check("--select", "SEC999")
    assert result.exit_code == 2
    assert "did you mean" in result.stderr


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("select", "fail_on", "status"),
    [
        ("SEC001", "error", 0),
        ("SEC001", "warning", 0),
        ("SEC001", "note", 1),
        ("COR002", "warning", 1),
        ("COR002", "never", 0),
    ],
)
def test_the_status_is_by_severity(select: str, fail_on: str, status: int) -> None:
    assert _check("--select", select, "--fail-on", fail_on).exit_code == status


def test_severity_of_the_configuration_counts(site: Path) -> None:
    (site / "cellc.toml").write_text('[lint]\nseverity = { SEC001 = "error" }\n')
    result = _check("--select", "SEC001")
    assert result.exit_code == 1
    assert result.stderr.startswith("error[SEC001]")


@pytest.mark.usefixtures("site")
def test_the_first_findings_only() -> None:
    result = _check("--max-findings", "1", "--fail-on", "warning")
    assert result.stderr.count("help:") == 1
    assert "more findings not shown" in result.stderr
    assert result.exit_code == 1


@pytest.mark.usefixtures("site")
def test_statistics() -> None:
    result = _check("--statistics", "--select", "SEC001,COR002")
    assert result.stderr == ""
    assert result.stdout == (
        "     1 COR002  warning  reserved port among the automatic ones\n"
        "     1 SEC001  note     permissive cell or policy\n"
    )


def test_a_diff_writes_nothing_and_a_fix_does(site: Path) -> None:
    shown = _check("--diff", "--select", "STY007")
    assert shown.exit_code == 1
    assert "-let spare = 1; # kept\n" in shown.stdout
    assert "+# kept\n" in shown.stdout
    assert (site / "p.cell").read_text() == POLICY
    fixed = _check("--fix", "--select", "STY007")
    assert (fixed.exit_code, fixed.stderr) == (0, "cellc: fixed 1 finding\n")
    assert "let spare" not in (site / "p.cell").read_text()
    assert "# kept" in (site / "p.cell").read_text()
    assert _check("--diff", "--select", "STY007").exit_code == 0


def test_a_file_with_a_hidden_character_is_not_fixed(site: Path) -> None:
    text = POLICY.replace("# kept", "# kept\u202e")
    (site / "p.cell").write_text(text)
    result = _check("--fix", "--select", "STY007")
    assert result.exit_code == 1
    assert result.stderr.count("error[E0115]") == 1
    assert (site / "p.cell").read_text() == text


def test_a_byte_order_mark_stays(site: Path) -> None:
    mark = b"\xef\xbb\xbf"
    (site / "p.cell").write_bytes(mark + POLICY.encode())
    assert _check("--fix", "--select", "STY007").exit_code == 0
    fixed = (site / "p.cell").read_bytes()
    assert fixed.startswith(mark)
    assert b"let spare" not in fixed


@pytest.mark.usefixtures("site")
def test_a_page() -> None:
    by_code, by_name = _cellc("rule", "sec001"), _cellc("rule", "permissive")
    assert by_code.stdout == by_name.stdout
    assert by_code.stdout.startswith("# SEC001: permissive\n")
    assert _cellc("rule", "SEC0").exit_code == 2


def test_the_list_names_every_rule() -> None:
    rows = _cellc("rule").stdout.splitlines()
    assert [row.split()[0] for row in rows] == list(all_rules())
    assert len(rows) >= 60


def test_the_example_of_the_documentation_is_read(site: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "lint.md").read_text()
    example = page.split("```toml\n")[1].split("```")[0]
    (site / "cellc.toml").write_text(example)
    assert _check("--fail-on", "never").exit_code == 0


def test_a_diff_tells_that_a_policy_does_not_compile(site: Path) -> None:
    path = next(site.glob("*.cell"))
    path.write_text(path.read_text().replace("netbsd", "netbds"))
    shown = _check("--diff")
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert "error[E0102]" in shown.stderr


def test_errors_of_the_compiler_are_explained_too() -> None:
    shown = _cellc("rule", "e0406")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("# E0406: unknown action\n\nNo release has")


def test_what_cannot_be_written_is_not_fixed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str, content: bytes) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(durable, "replace_file", refused)
    result = _check("--fix", "--select", "STY007")
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert "fixed" not in result.stderr
    assert (site / "p.cell").read_text() == POLICY
