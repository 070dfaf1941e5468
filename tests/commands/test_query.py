from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import WEB, Run


def rows(cellc: Run, *arguments: str) -> list[dict[str, Any]]:
    result = cellc("query", "web.cell", *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_lists_classes_with_ranges_of_ports(cellc: Run) -> None:
    result = cellc("query", "web.cell", "worker network.bind.privport tcp")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "allow  worker network.bind.privport tcp port {auto, 1..79, 81..1023}  "
        "[refused by default; powerless allow]    <cellc>/confined.cell:19",
        "deny   worker network.bind.privport tcp port 80                      "
        "[refused by cellpolicy; redundant deny]  web.cell:7",
    ]


def test_a_policy_answers_though_an_assertion_is_broken(cellc: Run, folder: Path) -> None:
    questions = (["worker system.module"], ["any ~> worker"], ["--exposure"])
    held = [cellc("query", "web.cell", *words) for words in questions]
    (folder / "web.cell").write_text(WEB + "assert never web process.signal to worker;\n")
    for words, before in zip(questions, held, strict=True):
        result = cellc("query", "web.cell", *words)
        assert (result.exit_code, result.stdout) == (1, before.stdout)
        assert "error[E0607]" in result.stderr


def test_filters_by_decision(cellc: Run) -> None:
    (row,) = rows(cellc, "any network.bind", "--effect", "grant")
    assert row["request"] == "web network.bind.privport tcp port 80"
    assert (row["decision"], row["outcome"], row["rule"]["line"]) == ("grant", "works", 9)
    assert (row["subjects"], row["ports"]) == (["web"], [[80, 80]])
    assert row["targets"] is None


def test_no_answer_is_told_apart_from_no_output(cellc: Run) -> None:
    for words in (["web process.ptrace", "--effect", "grant"], ["worker ~> worker"]):
        result = cellc("query", "web.cell", *words)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "cellc: there is nothing that this asks for\n"
        assert cellc("query", "web.cell", *words, "--format", "csv").output == ""


def test_what_is_never_asked_has_no_rows(cellc: Run) -> None:
    result = cellc("query", "web.cell", "web process.fork to worker")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "warning[W0807]" in result.stderr
    assert "name another action or condition" in result.stderr


def test_filters_by_outcome(cellc: Run) -> None:
    found = rows(cellc, "any network.bind port ..1023", "--outcome", "works")
    assert [row["request"] for row in found] == ["web network.bind.privport tcp port 80"]


def test_ports_may_lack_an_end(cellc: Run) -> None:
    below = rows(cellc, "worker network.bind tcp port ..1023")
    assert below == rows(cellc, "worker network.bind tcp port 1..1023")
    above = rows(cellc, "worker network.bind tcp port 1024..")
    assert above == rows(cellc, "worker network.bind tcp port 1024..65535")


def test_an_asterisk_is_every_action_with_the_conditions(cellc: Run) -> None:
    assert {row["actions"][0].split(".")[0] for row in rows(cellc, "web *")} > {"process", "vnode"}
    towards = rows(cellc, "web * to worker", "--effect", "allow")
    assert [row["request"] for row in towards] == ["web process.signal to worker"]
    assert {a for row in rows(cellc, "web * tcp port 80") for a in row["actions"]} == {
        "network.bind.privport"
    }


def test_any_is_said_only_of_all_targets(cellc: Run, tmp_path: Path) -> None:
    """Of two cells, not even where it is each other that both are denied."""
    (tmp_path / "two.cell").write_text(
        "policy two;\ntarget netbsd 10.1;\n"
        "profile p extends low { allow process.signal to {self, host}; }\n"
        "cell a { profile p; }\ncell b { profile p; }\n"
    )
    result = cellc("query", "two.cell", "{a, b} process.signal", "--format", "json")
    found = [json.loads(line)["request"] for line in result.stdout.splitlines()]
    assert found == [
        "{a, b} process.signal to {self, host}",
        "{a, b} process.signal to {a, b} (not self)",
    ]


def test_targets_are_listed(cellc: Run) -> None:
    result = cellc("query", "web.cell", "worker process.ktrace.persistent to any")
    assert "worker process.ktrace.persistent to any " in result.stdout
    result = cellc("query", "web.cell", "any process.nice to {web, worker}")
    assert "allow  {web, worker} process.nice to self " in result.stdout
    assert "deny   host process.nice to any (not self) " in result.stdout


KTRACE = WEB.replace(
    'user "1001";', "deny process.ktrace to self; allow process.ktrace.persistent to self;"
)


def test_what_has_a_name_with_others_only_is_told_apart(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(KTRACE)
    stdout = cellc("query", "web.cell", "worker process.{ktrace, fork} to self").stdout
    alone = "process.ktrace (not persistent) to self"
    assert [row.partition("  [")[0].split() for row in stdout.splitlines()] == [
        ["allow", "worker", "process.fork", "to", "self"],
        ["deny", "worker", *alone.split()],
        ["allow", "worker", "process.ktrace.persistent", "to", "self"],
    ]
    result = cellc("query", "web.cell", f"worker {alone}")
    assert (result.exit_code, result.stdout) == (2, "")
    (row,) = cellc("query", "web.cell", "worker process.ktrace to host").stdout.splitlines()
    assert row.startswith("deny  worker process.ktrace to host ")


def test_groups_stand_for_their_cells(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB + "group all = { w* };\n")
    result = cellc("query", "web.cell", "all system.module")
    assert result.stdout.startswith("deny  all system.module ")


def test_words_no_rule_names_are_decided_like_the_rest(cellc: Run) -> None:
    found = rows(cellc, "web network.socket.open domain key")
    assert {(row["decision"], *row["domains"]) for row in found} == {("deny", "key")}
    assert {row["remark"]: row["types"] for row in found}["redundant deny"] == ["raw"]


def test_csv_has_a_header(cellc: Run) -> None:
    result = cellc("query", "web.cell", "web network.bind tcp port 80", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row["request"] == "web network.bind.privport tcp port 80"
    assert (row["decision"], row["ports"], row["place"]) == ("grant", "80", "web.cell:9:5")


def test_influence_is_shown_as_a_chain(cellc: Run) -> None:
    (chain,) = rows(cellc, "web ~> worker")
    assert [(s["source"], s["target"], s["by"]) for s in chain["steps"]] == [
        ("web", "worker", "process.signal")
    ]
    assert chain["steps"][0]["rule"]["text"] == "allow process.signal to worker;"
    assert cellc("query", "web.cell", "web ~> nobody").exit_code == 2


def test_exposure_ranks_cells(cellc: Run) -> None:
    found = rows(cellc, "--exposure")
    assert [row["cell"] for row in found] == ["web", "worker"]
    assert found[0]["granted"] == ["network.bind.privport"]
    assert found[0]["ports"] == ["tcp 80"]
    text = cellc("query", "web.cell", "--exposure")
    assert text.stdout.startswith("1.  web ")
    assert cellc("query", "web.cell", "web *", "--exposure").exit_code == 2
    assert cellc("query", "web.cell").exit_code == 2


def test_the_first_port_and_transport_are_told_from_no_port_at_all(
    cellc: Run, folder: Path
) -> None:
    rules = "deny network.*; allow network.bind.port tcp port 1024..65535;"
    (folder / "web.cell").write_text(
        f"policy web;\ntarget netbsd 10.1;\ncell web {{ profile low; {rules} }}\n"
    )
    found = {row["request"]: row for row in rows(cellc, "web network.bind")}
    assert found["web network.bind.anyaddr"]["ports"] is None
    assert found["web network.bind.port tcp port auto"]["ports"] == [[0, 0]]
    assert found["web network.bind.port tcp port 1024..65535"]["decision"] == "allow"


def test_everybody_towards_itself_is_not_everybody_towards_anybody(
    cellc: Run, folder: Path
) -> None:
    cells = "".join(f"cell {name} {{ profile low; }}\n" for name in "abc")
    rule = "cell d { profile low; allow process.rlimit.get to {a, b}; }\n"
    (folder / "web.cell").write_text(f"policy web;\ntarget netbsd 10.1;\n{cells}{rule}")
    found = {row["request"]: row["decision"] for row in rows(cellc, "any process.rlimit.get")}
    assert found == {
        "any process.rlimit.get to self": "allow",
        "host process.rlimit.get to any (not self)": "deny",
        "{a, b, c} process.rlimit.get to any (not self)": "deny",
        "d process.rlimit.get to {host, c}": "deny",
        "d process.rlimit.get to {a, b}": "allow",
    }


def test_nearly_all_cells_are_told_by_those_that_are_missing(cellc: Run, folder: Path) -> None:
    cells = "".join(f"cell c{n} {{ profile low; listen tcp {2000 + n}; }}\n" for n in range(30))
    (folder / "web.cell").write_text(f"policy web;\ntarget netbsd 10.1;\n{cells}")
    found = rows(cellc, "any network.bind tcp port 2007")
    told = {row["request"]: row for row in found}
    others = told["any (not c7) network.bind.port tcp port 2007"]
    assert (others["decision"], len(others["subjects"])) == ("deny", 30)
    assert told["c7 network.bind.port tcp port 2007"]["decision"] == "allow"
    (inside, across) = rows(cellc, "c3 process.signal to any")
    assert inside["request"] == "c3 process.signal to self"
    assert across["request"] == "c3 process.signal to any (not self)"
    some = rows(cellc, "{c1, c2} network.bind tcp port 2003")
    assert [row["request"] for row in some] == ["{c1, c2} network.bind.port tcp port 2003"]


@pytest.mark.parametrize("command", ["explain", "query", "narrow"])
def test_what_a_name_stands_for_is_shown(command: str, cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB + 'let name = "x";\n')
    (folder / "log").write_text("web network.bind port name\n")
    asked = "log" if command == "narrow" else "web network.bind port name"
    result = cellc(command, "web.cell", asked)
    assert result.exit_code == 2
    assert ' | let name = "x";\n' in result.stderr


def test_wrong_patterns(cellc: Run, folder: Path) -> None:
    assert cellc("query", "web.cell", "web nothing.*").exit_code == 2
    for empty in ("", "  ", "# all", "~> web", "web ~> ", "web ~> # all"):
        result = cellc("query", "web.cell", empty)
        assert result.exit_code == 2
        assert "error[E0418]" in result.stderr
    (folder / "web.cell").write_text(WEB.replace("confined", "confind"))
    assert cellc("query", "web.cell", "web system.*").exit_code == 1


def test_influence_and_exposure_are_about_no_single_request(cellc: Run) -> None:
    for words in (("web ~> worker",), ("--exposure",)):
        for option in (("--effect", "deny"), ("--outcome", "works")):
            result = cellc("query", "web.cell", *words, *option)
            assert result.exit_code == 2
            assert "--effect" in result.stderr.splitlines()[-1]
