from __future__ import annotations

import json
from pathlib import Path

from tests.commands.conftest import WEB, Run


def test_lists_classes_with_ranges_of_ports(cellc: Run) -> None:
    result = cellc("query", "web.cell", "worker network.bind.privport tcp")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "allow  worker network.bind.privport tcp port {auto, 1..79}  [refused by default]"
        "  <cellc>/confined.cell:19",
        "deny   worker network.bind.privport tcp port 80  [refused by cellpolicy]  web.cell:7",
        "allow  worker network.bind.privport tcp port 81..1023  [refused by default]"
        "  <cellc>/confined.cell:19",
    ]


def test_filters_by_decision(cellc: Run) -> None:
    result = cellc("query", "web.cell", "any network.bind", "--effect", "grant", "--format", "json")
    (row,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert row["request"] == "web network.bind.privport tcp port 80"
    assert (row["decision"], row["outcome"], row["rule"]["line"]) == ("grant", "works", 9)


def test_targets_are_listed(cellc: Run) -> None:
    result = cellc("query", "web.cell", "worker process.ktrace.persistent to any")
    assert "to {web, worker, host}" in result.stdout


def test_words_no_rule_names_are_decided_like_the_rest(cellc: Run) -> None:
    result = cellc("query", "web.cell", "web network.socket.open domain key", "--format", "json")
    decisions = {json.loads(line)["decision"] for line in result.stdout.splitlines()}
    assert decisions == {"deny"}


def test_wrong_patterns(cellc: Run, folder: Path) -> None:
    assert cellc("query", "web.cell", "web nothing.*").exit_code == 2
    (folder / "web.cell").write_text(WEB.replace("confined", "confind"))
    assert cellc("query", "web.cell", "web system.*").exit_code == 1
