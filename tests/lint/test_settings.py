"""Which rules run where."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostics
from compiler.lint.configuration import read_settings
from compiler.lint.registry import all_rules
from compiler.lint.settings import Choice, Settings

SEC001, COR001 = all_rules()["SEC001"], all_rules()["COR001"]


def _read(tmp_path: Path, **files: str) -> Settings:
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text)
    found = Diagnostics()
    settings = read_settings(tmp_path, found, {})
    assert found.sorted() == ()
    return settings


@pytest.mark.parametrize(
    ("select", "ignore", "on"),
    [
        (None, (), True),
        (("SEC",), (), True),
        (("security",), (), True),
        (("SEC0",), ("SEC",), True),
        (("SEC",), ("SEC001",), False),
        (("SEC001",), ("SEC",), True),
        (("SEC001",), ("SEC001",), False),
        (("COR",), (), False),
        (("ALL",), ("SEC",), False),
    ],
)
def test_the_narrower_selector_wins(
    select: tuple[str, ...] | None, ignore: tuple[str, ...], on: bool
) -> None:
    settings = Settings((("*", Choice(select=select, ignore=ignore)),))
    assert settings.enabled(SEC001, "a.cell") == on
    assert settings.runs(SEC001) == on


def test_rules_that_are_off_are_on_when_selected() -> None:
    pedantic = next((rule for rule in all_rules().values() if rule.off), None)
    if pedantic is not None:
        assert not Settings().enabled(pedantic, "a.cell")
        for choice in (Choice(extend=(pedantic.code,)), Choice(select=("ALL",))):
            assert Settings((("*", choice),)).enabled(pedantic, "a.cell")


def test_paths_add_to_what_holds_everywhere(tmp_path: Path) -> None:
    settings = _read(
        tmp_path,
        cellc="""
[lint]
ignore = ["COR"]
severity = { SEC = "error", SEC001 = "note" }
[lint.paths."lab/*"]
ignore = ["SEC"]
severity = { SEC001 = "warning" }
""",
    )
    assert [settings.enabled(SEC001, f) for f in ("a.cell", "lab/a.cell")] == [True, False]
    assert [settings.enabled(COR001, f) for f in ("a.cell", "lab/a.cell")] == [False, False]
    assert [settings.severity(SEC001, f) for f in ("a.cell", "lab/a.cell")] == ["note", "warning"]
    assert settings.severity(all_rules()["SEC002"], "lab/a.cell") == "error"
    assert settings.runs(SEC001)
    assert not settings.runs(COR001)


def test_the_command_line_has_the_last_word(tmp_path: Path) -> None:
    settings = _read(tmp_path, cellc='[lint]\nignore = ["SEC001"]\n')
    assert settings.then(Choice(select=("SEC",))).enabled(SEC001, "a.cell")
    assert not settings.then(Choice(select=("COR",))).enabled(SEC001, "a.cell")
    assert not settings.then(Choice(ignore=("COR",))).enabled(COR001, "a.cell")


def test_pyproject_counts_when_cellc_toml_says_nothing(tmp_path: Path) -> None:
    table = '[project]\nname = "x"\n[tool.other]\na = 1\n[tool.cellc.lint]\nignore = ["SEC"]\n'
    assert not _read(tmp_path, pyproject=table, cellc="").enabled(SEC001, "a.cell")
    other = '[lint]\nignore = ["COR"]\n'
    assert _read(tmp_path, pyproject=table, cellc=other).enabled(SEC001, "a.cell")


def test_nothing_is_configured_without_a_file(tmp_path: Path) -> None:
    assert _read(tmp_path) == Settings()


def test_rules_about_ignoring_always_run() -> None:
    settings = Settings((("*", Choice(select=("SEC001",), ignore=("ALL",))),))
    assert [r.code for r in all_rules().values() if settings.runs(r) and not r.ignorable] == [
        "STY001",
        "STY002",
        "STY003",
    ]


def test_a_build_runs_notes_only_where_they_were_made_more() -> None:
    note = all_rules()["COR011"]
    assert note.severity == "note"
    assert not Settings().can_weigh(note)
    raised = Settings((("*.cell", Choice(severity={"COR": "error"})),))
    assert raised.can_weigh(note)
    assert Settings((("*.cell", Choice(severity={"SEC": "error"})),)).can_weigh(note) is False
    assert Settings().can_weigh(all_rules()["COR010"])
