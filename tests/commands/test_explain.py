from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import WEB, Run


def explain(cellc: Run, *requests: str, input: str | None = None) -> list[dict[str, Any]]:
    result = cellc("explain", "web.cell", *requests, "--format", "json", input=input)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_names_the_rule_and_what_it_overrode(cellc: Run) -> None:
    (row,) = explain(cellc, "web network.bind tcp port 80")
    assert row["request"] == "web network.bind tcp port 80"
    assert (row["decision"], row["outcome"]) == ("grant", "works")
    assert (row["rule"]["file"], row["rule"]["line"], row["rule"]["column"]) == ("web.cell", 9, 5)
    assert row["rule"]["text"] == "grant network.bind.privport tcp port 80;"
    assert row["chain"] == [{"kind": "cell", "name": "web"}]
    texts = [rule["text"] for rule in row["overridden"]]
    assert texts[0] == "listen tcp 80;"
    assert "deny network.*;" in texts
    assert {"voter": "suser", "vote": "defer", "might": None, "when": None} in row["voters"]


def test_a_default_has_no_rule(cellc: Run) -> None:
    (row,) = explain(cellc, "worker process.signal to web")
    assert (row["decision"], row["rule"]) == ("deny", None)
    assert "border" in row["default"]


def test_parts_differ_when_the_request_leaves_something_open(cellc: Run) -> None:
    (row,) = explain(cellc, "web network.bind port 80")
    assert row["decision"] == "mixed"
    assert {part["decision"] for part in row["parts"]} == {"grant", "allow"}


def test_voters_that_refuse_parts_are_named_with_the_parts(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB + "host { securelevel 1; }\n")
    text = cellc("explain", "web.cell", "{host, web} system.module").stdout
    first, *rest = text.splitlines()
    assert first == "{host, web} system.module: mixed; outcome: refused"
    assert any("outcome: refused by securelevel" in line for line in rest)


def test_another_cells_port_names_the_cell_and_its_template(cellc: Run, folder: Path) -> None:
    site = "template site(port: port) extends confined { listen tcp port; }\n"
    (folder / "web.cell").write_text(WEB + site + "cell shop { use site(8080); }\n")
    (row,) = explain(cellc, "worker network.bind tcp port 8080")
    assert row["chain"] == [
        {"kind": "cell", "name": "shop"},
        {"kind": "template", "name": "site"},
    ]


def test_reads_standard_input(cellc: Run) -> None:
    rows = explain(cellc, "-", input="web system.module\n\nworker process.fork\n")
    assert [row["decision"] for row in rows] == ["deny", "allow"]


def test_a_request_that_is_never_asked_is_answered(cellc: Run) -> None:
    result = cellc("explain", "web.cell", "web network.bind.privport tcp port 8080")
    assert result.exit_code == 0
    assert "never asks" in result.stderr


def test_what_is_never_asked_is_judged_by_the_rules_too(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace('user "1001";', "deny network.bind;"))
    bind = "action=network.bind.privport proto=tcp port=8080"
    logged = f"cellpolicy: deny cell=worker {bind} rule=00000000 pid=1 uid=0"
    for asked in ("worker network.bind.privport tcp port 8080", logged):
        (row,) = explain(cellc, asked)
        assert (row["decision"], row["rule"]["text"]) == ("deny", "deny network.bind;")


def test_an_empty_group_has_no_answer(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB + "group none = { zz* };\n")
    for request in ("none system.module", "none process.* to none", "web process.signal to none"):
        result = cellc("explain", "web.cell", request)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "warning[W0807]" in result.stderr


def test_unknown_names_are_wrong_use(cellc: Run) -> None:
    result = cellc("explain", "web.cell", "webb system.module", "web system.modul")
    assert result.exit_code == 2
    assert "`web`" in result.stderr
    assert "`system.module`" in result.stderr


def test_a_log_of_the_kernel_module(cellc: Run) -> None:
    (known,) = explain(cellc, "web system.module")
    line = f"cellpolicy: deny cell=web action=system.module rule={known['rule']['id']} pid=7 uid=0"
    log = f"Nov 24 03:00:00 host /netbsd: {line}\nNov 24 03:00:01 host sshd[1]: hello\n"
    result = cellc("explain", "web.cell", "-", "--format", "json", input=log)
    (row,) = [json.loads(text) for text in result.stdout.splitlines()]
    assert result.stderr == ""
    assert (row["request"], row["rule"]) == (line, known["rule"])
    assert {"voter": "suser", "vote": "allow", "might": None, "when": None} in row["voters"]


def test_a_log_of_another_build(cellc: Run) -> None:
    line = (
        "cellpolicy: permissive cell=web action=network.bind.port proto=tcp port=8080"
        " rule=00000001 pid=1 uid=80"
    )
    result = cellc("explain", "web.cell", line)
    assert "not in this policy" in result.stderr
    assert "network" in result.stdout


def test_a_host_that_decided_by_default(cellc: Run) -> None:
    line = "cellpolicy: deny cell=web action=system.module rule=default pid=1 uid=0"
    result = cellc("explain", "web.cell", line)
    assert "warning[W0816]: the host decided by default" in result.stderr


def test_a_log_without_denials_has_nothing_to_explain(cellc: Run) -> None:
    log = (
        "Nov 24 03:00:00 host /netbsd: cellpolicy: policy web in force, hash 5d41\nNov 24 sshd[1]\n"
    )
    assert explain(cellc, "-", input=log) == []


SYSLOG = "Nov 24 03:00:00 host sshd[1]: hello\nNov  4 03:00:01 host last message repeated\n"


@pytest.mark.parametrize(
    "log",
    [
        SYSLOG,
        "<13>1 2026-11-24T03:00:00.000+01:00 host sshd 1 - hello\n",
        "2026-11-24T03:00:00Z host sshd[1]: hello\n",
        "[   1.0000000] Copyright (c)\n[ 1.5] timecounter\n    goes on\n",
    ],
)
def test_a_log_without_the_module_is_told_once(cellc: Run, log: str) -> None:
    result = cellc("explain", "web.cell", "-", input=log)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("error[") == 1
    assert "no line of this log comes from the kernel module" in result.stderr


def test_requests_beside_a_log_are_answered(cellc: Run) -> None:
    result = cellc("explain", "web.cell", "web system.module", "-", input=SYSLOG)
    assert (result.exit_code, result.stdout[:17]) == (2, "web system.module")


def test_wrong_requests_are_told_one_by_one(cellc: Run) -> None:
    result = cellc("explain", "web.cell", "-", input="web\nwebb system.module\n")
    assert (result.exit_code, result.stderr.count("error[")) == (2, 2)


@pytest.mark.parametrize("cut", ["port=8", "port=80 rule=0000", "port=80 rule=00000000 pid=1 uid"])
def test_a_line_that_is_cut_off_is_no_request(cellc: Run, cut: str) -> None:
    """Even where it looks whole: the rest of a number may be missing."""
    line = f"cellpolicy: deny cell=worker action=network.bind.privport proto=tcp {cut}"
    result = cellc("explain", "web.cell", line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error[E0419]: this line of the log tells no user id" in result.stderr


def test_a_logged_request_that_is_never_asked(cellc: Run) -> None:
    line = "cellpolicy: deny cell=web action=process.fork to=worker rule=default pid=1 uid=0"
    for asked in (line, "web process.fork to worker"):
        result = cellc("explain", "web.cell", asked)
        assert result.exit_code == 0
        assert "warning[W0807]" in result.stderr
        assert "border" in result.stdout


def test_a_broken_assertion_is_told_and_the_answer_too(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB + "assert never web process.signal to worker;\n")
    result = cellc("explain", "web.cell", "web process.signal to worker")
    assert result.exit_code == 1
    assert "error[E0607]" in result.stderr
    assert "by " in result.stdout
    assert "allow process.signal to worker;" in result.stdout
    assert cellc("explain", "web.cell", "web").exit_code == 2


def test_other_errors_leave_no_answer(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB + "cell late { profile lately; }\n")
    result = cellc("explain", "web.cell", "web process.signal to worker")
    assert (result.exit_code, result.stdout) == (1, "")


def test_sockets_are_logged_as_numbers(cellc: Run) -> None:
    line = (
        "cellpolicy: deny cell=web action=network.socket.open domain=34 type=3 protocol=0"
        " rule=default pid=1 uid=0"
    )
    (row,) = explain(cellc, line)
    assert row["decision"] == "deny"
    assert row["rule"]["text"] == "deny network.*;"


def test_the_nearest_request_that_is_decided_otherwise(cellc: Run) -> None:
    (row,) = explain(cellc, "worker network.bind tcp port 80")
    near = row["nearest"]
    assert (near["request"], near["decision"]) == (
        "worker network.bind.privport tcp port 79",
        "allow",
    )
    assert near["rule"]["text"] == "allow network.bind.{port, privport};"
    (row,) = explain(cellc, "web process.signal to host")
    assert row["nearest"]["request"] == "web process.signal to web"


def test_a_request_whose_name_stands_for_others_is_told_apart(cellc: Run, folder: Path) -> None:
    ktrace = "allow process.ktrace to self; deny process.ktrace.persistent to self;"
    (folder / "web.cell").write_text(WEB.replace('user "1001";', ktrace))
    (row,) = explain(cellc, "worker process.ktrace to worker")
    assert [part["request"] for part in row["parts"]] == [
        "worker process.ktrace (not persistent) to worker",
        "worker process.ktrace.persistent to worker",
    ]
    (row,) = explain(cellc, "worker process.ktrace.persistent to worker")
    assert row["nearest"]["request"] == "worker process.ktrace (not persistent) to worker"
    line = "cellpolicy: deny cell=worker action=process.ktrace to=worker rule=default pid=1 uid=0"
    stdout = cellc("explain", "web.cell", line, "--format", "json").stdout
    row = json.loads(stdout)
    assert row["asked"] == "worker process.ktrace (not persistent) to worker"


def test_a_rule_by_its_id(cellc: Run) -> None:
    (row,) = explain(cellc, "web network.bind tcp port 80")
    number = row["rule"]["id"]
    for text in (number, f"0x{number}", f"{{0x{number},40,0,56,0,0}},"):
        (rule,) = explain(cellc, text)
        assert rule["rule"] == row["rule"]
        assert (rule["decision"], rule["outcome"]) == ("grant", "works")
        assert rule["decides"] == [
            {
                "request": "web network.bind.privport tcp port 80",
                "decision": "grant",
                "outcome": "works",
            }
        ]
        assert {other["text"] for other in rule["overridden"]} >= {"listen tcp 80;"}
    text = cellc("explain", "web.cell", number).stdout
    assert text.startswith(f"{number} web.cell:9:5  grant network.bind.privport tcp port 80;")
    assert "decides grant  web network.bind.privport tcp port 80  [works]" in text


def test_an_id_of_another_policy(cellc: Run) -> None:
    result = cellc("explain", "web.cell", "00000001")
    assert result.exit_code == 2
    assert "error[E0417]" in result.stderr


def test_a_logged_target_of_another_policy(cellc: Run) -> None:
    line = "cellpolicy: deny cell=web action=process.signal to=gone rule=default pid=1 uid=0"
    result = cellc("explain", "web.cell", line)
    assert result.exit_code == 2
    assert "no cell is called `gone`" in result.stderr


def test_parts_and_near_requests_say_what_they_are_about(cellc: Run) -> None:
    """Sockets without a word for their type are a part of their own, and nobody's neighbour."""
    (row,) = explain(cellc, "worker network.socket.open domain local protocol igmp")
    texts = [part["request"] for part in row["parts"]]
    assert f"{row['request'].replace(' protocol', ' type (another) protocol')}" in texts
    (row,) = explain(cellc, "worker network.socket.open domain local type stream protocol igmp")
    near = row["nearest"]
    (there,) = explain(cellc, near["request"])
    assert (row["decision"], near["decision"]) == ("allow", "deny")
    assert there["decision"] == near["decision"]


def test_overridden_rules_of_a_layer_are_in_the_order_of_the_source(
    cellc: Run, folder: Path
) -> None:
    words = ["system.*", "system.{module, mount, chroot}", "system.{module, chroot}"]
    rules = "".join(f"    deny {one};\n" for one in words)
    text = f"cell late {{\n    profile low;\n{rules}    deny system.module;\n}}\n"
    (folder / "web.cell").write_text(WEB + text)
    (row,) = explain(cellc, "late system.module")
    assert [rule["text"] for rule in row["overridden"][:3]] == [f"deny {one};" for one in words]
    (rule,) = explain(cellc, row["rule"]["id"])
    assert [other["text"] for other in rule["overridden"][:3]] == [f"deny {o};" for o in words]
