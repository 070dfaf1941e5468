from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.commands.conftest import WEB, Run


def test_passing_tests(cellc: Run) -> None:
    result = cellc("test", "web.cell")
    assert (result.exit_code, result.stdout) == (0, "ok     ports (2 of 2)\n")


def test_a_directory_without_policies_is_no_success(cellc: Run, folder: Path) -> None:
    (folder / "more").mkdir()
    result = cellc("test", "more")
    assert result.exit_code == 2
    assert "no `.cell` file below `more` has a `policy` line" in result.stderr


def test_targets_that_the_kernel_does_not_pass_are_judged_as_written(
    cellc: Run, folder: Path
) -> None:
    cells = "cell a { profile low; } cell b { profile low; }"
    test = 'test "t" { deny b process.fork to a; allow b process.fork to self; }'
    (folder / "fork.cell").write_text(f"policy f; target netbsd 10.1; {cells} {test}")
    result = cellc("test", "fork.cell")
    assert (result.exit_code, result.stdout) == (0, "ok     t (2 of 2)\n")
    assert result.stderr.count("warning[W0807]") == 1
    assert "deny" in cellc("explain", "fork.cell", "b process.fork to a").stdout


def test_a_block_without_cases_is_not_called_ok(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB + 'test "nothing" {}\n')
    result = cellc("test", "web.cell")
    assert result.stdout.endswith("empty  nothing (0 of 0)\n")


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
    assert "ok     ports (2 of 2)" in result.stdout
    (suite,) = ElementTree.fromstring(cellc("test", "web.cell", "--format", "junit").stdout)
    assert [case.find("failure") is not None for case in suite] == [True, False]


def test_a_policy_that_fails_is_covered_and_not_mutated(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("by cellpolicy", "by securelevel"))
    result = cellc("test", "web.cell", "--coverage", "--mutate")
    assert result.exit_code == 1
    assert "coverage: " in result.stdout
    assert "mutants: " not in result.stdout
    assert "cellc: web.cell fails" in result.stderr


def test_json(cellc: Run) -> None:
    result = cellc("test", "web.cell", "--format", "json")
    row = json.loads(result.stdout)
    assert row == {"policy": "web.cell", "test": "ports", "cases": 2, "failed": 0, "failures": []}


def test_json_of_a_policy_that_fails_as_a_whole(cellc: Run, folder: Path) -> None:
    broken = WEB.replace("worker process.* to web", "web process.* to worker")
    (folder / "web.cell").write_text(broken)
    (folder / "wrong.cell").write_text("policy wrong;\n")
    result = cellc("test", ".", "--format", "json")
    assert result.exit_code == 1
    first, second, third = map(json.loads, result.stdout.splitlines())
    assert (first["policy"], len(first["errors"])) == ("web.cell", 1)
    assert first["errors"][0].startswith("assertion broken")
    assert (second["policy"], second["test"]) == ("web.cell", "ports")
    assert third == {"policy": "wrong.cell", "errors": ["the policy names no target release"]}


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


def test_coverage_counts_classes(cellc: Run) -> None:
    result = cellc("test", "web.cell", "--coverage")
    assert result.exit_code == 0
    assert "classes of requests" in result.stdout
    rows = cellc("test", "web.cell", "--coverage", "--format", "json").stdout.splitlines()
    coverage = json.loads(rows[-1])["coverage"]
    assert coverage["by_tests"] == 2
    assert coverage["covered"] == coverage["classes"] - len(coverage["uncovered"])
    assert coverage["covered"] > coverage["by_assertions"]


def test_a_threshold(cellc: Run) -> None:
    assert cellc("test", "web.cell", "--coverage", "--fail-under", "0.1").exit_code == 0
    result = cellc("test", "web.cell", "--coverage", "--fail-under", "99.5")
    assert result.exit_code == 1
    assert "FAILED coverage is " in result.stdout
    assert cellc("test", "web.cell", "--fail-under", "50").exit_code == 2
    assert cellc("test", "web.cell", "--coverage", "--fail-under", "101").exit_code == 2


def test_mutants_and_the_missing_tests(cellc: Run, folder: Path) -> None:
    rows = cellc("test", "web.cell", "--mutate", "--format", "json").stdout.splitlines()
    score = json.loads(rows[-1])["mutation"]
    assert score["killed"] > 0
    assert score["survived"] == len(score["survivors"]) > 0
    wide = next(s for s in score["survivors"] if s["change"] == "without `port`")
    assert wide["rule"]["text"] == "grant network.bind.privport tcp port 80;"
    assert (wide["before"], wide["after"]) == ("allow", "grant")
    text = cellc("test", "web.cell", "--mutate").stdout
    assert "survives: web.cell:9  grant network.bind.privport tcp port 80;" in text
    tests = "".join(line for line in score["tests"].splitlines(True) if "#" not in line)
    (folder / "web.cell").write_text(WEB + tests)
    rows = cellc("test", "web.cell", "--mutate", "--format", "json").stdout.splitlines()
    assert json.loads(rows[-1])["mutation"]["survived"] == score["tests"].count("#")


def test_missing_tests_hold_where_a_name_stands_for_several_requests(
    cellc: Run, folder: Path
) -> None:
    rules = "deny process.ktrace to self; allow process.ktrace.persistent to self;"
    text = f"policy web;\ntarget netbsd 10.1;\ncell web {{ profile low; {rules} }}\n"
    (folder / "web.cell").write_text(text)
    rows = cellc("test", "web.cell", "--mutate", "--format", "json").stdout.splitlines()
    tests = json.loads(rows[-1])["mutation"]["tests"]
    assert "language: deny web process.ktrace to web;" in tests
    (folder / "web.cell").write_text(text + tests)
    assert cellc("test", "web.cell").exit_code == 0


def test_a_rule_of_a_template_is_changed_in_all_of_its_uses(cellc: Run, folder: Path) -> None:
    text = (
        "policy web;\ntarget netbsd 10.1;\n"
        "template t(p: port) extends confined { deny network.bind tcp port p; }\n"
        "cell a { use t(2022); }\ncell b { use t(2023); }\n"
        'test "a" { deny a network.bind tcp port 2022; }\n'
    )
    (folder / "web.cell").write_text(text)
    rows = cellc("test", "web.cell", "--mutate", "--format", "json").stdout.splitlines()
    score = json.loads(rows[-1])["mutation"]
    changes = [one["change"] for one in score["survivors"]]
    assert (score["killed"], changes) == (2, ["without `tcp or udp`", "without `port`"])


def test_a_grant_that_a_mutant_uncovers_is_noticed(cellc: Run, folder: Path) -> None:
    (folder / "grant.cell").write_text(
        "policy grant;\ntarget netbsd 10.1;\n"
        "profile p extends confined {\n"
        "    deny system.{mqueue, semaphore, sysvipc};\n"
        '    @reason "r" grant system.module;\n'
        "}\n"
        'cell a { profile p; root "/a"; user "www"; allow system.module; }\n'
        'cell b { profile confined; root "/b"; user "db"; }\n'
        "assert never a ~> b;\n"
    )
    result = cellc("test", "grant.cell", "--mutate", "--format", "json")
    score = json.loads(result.stdout.splitlines()[-1])["mutation"]
    drops = [s["rule"]["text"] for s in score["survivors"] if s["kind"] == "drop"]
    assert "allow system.module;" not in drops


def test_junit(cellc: Run, folder: Path) -> None:
    text = WEB.replace("deny worker network", "allow worker network").replace(
        '"ports"', '"<&\\u{1}>"'
    )
    (folder / "web.cell").write_text(text)
    result = cellc("test", "web.cell", "--format", "junit")
    assert result.exit_code == 1
    (suite,) = ElementTree.fromstring(result.stdout)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    case = suite[1]
    assert case.get("name") == "<&?>"
    failure = case.find("failure")
    assert failure is not None
    assert "is denied" in (failure.get("message") or "")


def test_junit_of_a_policy_with_errors(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("confined", "confind"))
    (suite,) = ElementTree.fromstring(cellc("test", "web.cell", "--format", "junit").stdout)
    assert suite[0].find("failure") is not None


def test_a_policy_that_is_named_twice_is_tested_once(cellc: Run) -> None:
    once = cellc("test", "web.cell", "--today", "2026-11-24")
    assert cellc("test", ".", "./web.cell", "--today", "2026-11-24").output == once.output
