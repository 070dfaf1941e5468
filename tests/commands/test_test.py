from __future__ import annotations

import json
from pathlib import Path

from tests.commands.conftest import WEB, Run


def test_passing_tests(cellc: Run) -> None:
    result = cellc("test", "web.cell")
    assert (result.exit_code, result.stdout) == (0, "ok     ports (2 of 2)\n")


def test_a_failing_case_shows_the_request_and_the_rule(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("deny worker network", "allow worker network"))
    result = cellc("test", "web.cell")
    assert result.exit_code == 1
    assert "FAILED ports (1 of 2)" in result.stdout
    assert "`worker network.bind.privport tcp port 80` is denied" in result.stderr
    assert "listen tcp 80" in result.stderr


def test_outcomes_are_checked(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("port 80 works", "port 80 refused by suser"))
    result = cellc("test", "web.cell")
    assert result.exit_code == 1
    assert "is expected to be refused by suser, but works" in result.stderr


def test_the_wrong_voter(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("by cellpolicy", "by securelevel"))
    assert "refused by securelevel" in cellc("test", "web.cell").stderr


def test_broken_assertions_fail(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(
        WEB.replace("worker process.* to web", "web process.* to worker")
    )
    result = cellc("test", "web.cell")
    assert result.exit_code == 1
    assert "assertion broken" in result.stderr


def test_json(cellc: Run) -> None:
    result = cellc("test", "web.cell", "--format", "json")
    row = json.loads(result.stdout)
    assert row == {"policy": "web.cell", "test": "ports", "cases": 2, "failed": 0}


def test_the_rule_is_checked(cellc: Run, folder: Path) -> None:
    good = WEB.replace(
        "port 80 works;", 'port 80 by "grant network.bind.privport  tcp port 80" works;'
    )
    (folder / "web.cell").write_text(good)
    assert cellc("test", "web.cell").exit_code == 0
    (folder / "web.cell").write_text(WEB.replace("port 80 works;", 'port 80 by "listen tcp 80;";'))
    result = cellc("test", "web.cell")
    assert result.exit_code == 1
    assert "error[E0613]" in result.stderr
    assert "is decided by `grant network.bind.privport tcp port 80`" in result.stderr


def test_no_rule_may_be_expected(cellc: Run, folder: Path) -> None:
    case = 'deny worker process.signal to web by "default";\n    '
    (folder / "web.cell").write_text(
        WEB.replace("deny worker network", case + "deny worker network")
    )
    assert cellc("test", "web.cell").exit_code == 0


def test_a_failing_case_shows_the_rule_that_lost(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("grant web network", "allow web network"))
    result = cellc("test", "web.cell")
    assert "this is overridden" in result.stderr
    assert "listen tcp 80" in result.stderr
