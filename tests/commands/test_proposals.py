from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from compiler.rewrite import patch
from tests.commands.conftest import WEB, Run
from tests.commands.test_diff import git

DAY = ("--today", "2026-11-24")
AUDIT = "Nov 24 x /netbsd: cellpolicy: {} cell={} action={} rule=00000000 pid=1 uid={}\n"


def line(cell: str, action: str, uid: int = 80, mode: str = "permissive", more: str = "") -> str:
    """A line of the kernel module."""
    return AUDIT.format(mode, cell, f"{action} {more}".rstrip(), uid)


def learn(cellc: Run, folder: Path, log: str, *words: str, status: int = 0) -> dict[str, Any]:
    (folder / "log").write_text(log)
    result = cellc("learn", "web.cell", "log", "--format", "json", *DAY, *words)
    assert result.exit_code == status, result.output
    made: dict[str, Any] = json.loads(result.stdout)
    return made


def test_opens_what_was_denied_and_nothing_else(cellc: Run, folder: Path) -> None:
    log = line("web", "process.signal", more="to=host", mode="deny")
    found = learn(cellc, folder, f"noise\n{log}{log}")
    assert found["proposals"] == ["cell web: allow process.signal to host;"]
    assert found["beyond"] == 0
    assert [row["witness"] for row in found["opened"]] == ["web process.signal to host"]


def test_ports_and_targets_share_a_rule(cellc: Run, folder: Path) -> None:
    deny = "    deny network.bind tcp port 8000..9000;\n    listen"
    (folder / "web.cell").write_text(WEB.replace("    listen", deny, 1))
    log = "".join(
        line("web", "network.bind.port", more=f"proto=tcp port={port}") for port in (8001, 8003)
    )
    found = learn(cellc, folder, log)
    assert found["proposals"] == ["cell web: allow network.bind.port tcp port {8001, 8003};"]
    assert found["beyond"] == 0
    assert [row["requests"] for row in found["opened"]] == [2]


def test_what_has_no_name_opens_more_and_says_so(cellc: Run, folder: Path) -> None:
    deny = "    deny network.bind port 8000..9000;\n    listen"
    (folder / "web.cell").write_text(WEB.replace("    listen", deny, 1))
    found = learn(cellc, folder, line("web", "network.bind.port", more="proto=other port=8001"))
    assert found["proposals"] == ["cell web: allow network.bind.port port 8001;"]
    assert found["beyond"] == 2


def test_the_patch_applies_and_write_does_the_same(cellc: Run, folder: Path) -> None:
    git(folder, "init", "-q")
    (folder / "log").write_text(line("worker", "process.signal", more="to=host"))
    result = cellc("learn", "web.cell", "log", *DAY)
    assert "opens 1 class, 1 request\n" in result.stderr
    (folder / "p").write_text(result.stdout)
    git(folder, "apply", "--check", "p")
    subprocess.run(["patch", "-p1", "-i", "p"], cwd=folder, check=True, capture_output=True)
    patched = (folder / "web.cell").read_text()
    assert "cell worker {" in patched
    (folder / "web.cell").write_text(WEB)
    assert cellc("learn", "web.cell", "log", "--write", *DAY).stdout == ""
    assert (folder / "web.cell").read_text() == patched
    again = learn(cellc, folder, (folder / "log").read_text())
    assert again["proposals"] == []


def test_a_grant_only_where_an_allow_cannot_help(cellc: Run, folder: Path) -> None:
    log = line("worker", "network.bind.privport", more="proto=tcp port=81")
    deny = 'user "1001"; deny network.bind tcp port 81;'
    (folder / "web.cell").write_text(WEB.replace('user "1001";', deny))
    found = learn(cellc, folder, log)
    assert found["proposals"] == ['cell worker: @reason "" grant network.bind tcp port 81;']
    as_root = learn(cellc, folder, log.replace("uid=80", "uid=0"))
    assert as_root["proposals"] == ["cell worker: allow network.bind tcp port 81;"]


def test_the_blank_of_a_grant_must_be_filled_in(cellc: Run, folder: Path) -> None:
    deny = 'user "1001"; deny network.bind tcp port 81;'
    (folder / "web.cell").write_text(WEB.replace('user "1001";', deny))
    (folder / "log").write_text(line("worker", "network.bind.privport", more="proto=tcp port=81"))
    assert cellc("learn", "web.cell", "log", "--write", *DAY).exit_code == 0
    result = cellc("check", "web.cell", *DAY)
    assert result.exit_code == 1
    assert "E0315" in result.stderr
    (folder / "web.cell").write_text(WEB.replace('user "1001";', deny))
    words = ("--write", "--reason", 'a "second" web\nserver', *DAY)
    assert cellc("learn", "web.cell", "log", *words).exit_code == 0
    assert cellc("check", "web.cell", *DAY).exit_code == 0


def test_an_assertion_forbids_it(cellc: Run, folder: Path) -> None:
    log = line("worker", "process.signal", more="to=web") + line(
        "worker", "process.signal", more="to=host"
    )
    found = learn(cellc, folder, log, status=1)
    assert found["proposals"] == ["cell worker: allow process.signal to host;"]
    (refused,) = found["refused"]
    assert "assertion broken" in refused["why"]


def test_final_rules_and_ports_of_others_stay(cellc: Run, folder: Path) -> None:
    final = "profile strict extends confined { final deny process.fork; }\ncell web {"
    text = WEB.replace("cell web {", final).replace("profile confined;", "profile strict;", 1)
    (folder / "web.cell").write_text(text)
    log = (
        line("web", "process.fork", more="to=web")
        + line("worker", "network.bind.privport", more="proto=tcp port=80")
        + line("nobody", "process.fork", more="to=nobody")
        + line("host", "process.signal", more="to=web")
        + line("web", "process.fork", more="limit=processes")
        + line("web", "process.unheard")
    )
    found = learn(cellc, folder, log, status=1)
    assert found["proposals"] == []
    why = [left["why"] for left in found["left"]]
    assert why[0] == "a final rule of profile strict denies it"
    assert "belongs to another cell" in why[1]
    assert "no cell is called `nobody`" in why[2]
    assert "rules are for cells" in why[3]
    assert "limit `processes`" in why[4]
    assert "no action" in why[5]


def test_who_asks_first_does_not_matter(cellc: Run, folder: Path) -> None:
    deny = 'user "1001"; deny network.bind tcp port 81;'
    (folder / "web.cell").write_text(WEB.replace('user "1001";', deny))
    lines = [
        line("worker", "network.bind.privport", uid=uid, more="proto=tcp port=81")
        for uid in (0, 80)
    ]
    first, second = (learn(cellc, folder, "".join(log)) for log in (lines, lines[::-1]))
    assert first["proposals"] == second["proposals"]
    assert "grant" in first["proposals"][0]


def test_nothing_is_opened_for_a_line_that_is_cut_off(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace('user "1001";', "deny network.bind.port;"))
    whole = line("worker", "network.bind.port", more="proto=tcp port=19000")
    found = learn(cellc, folder, whole[: whole.index("000 rule")], status=1)
    assert found["proposals"] == []
    assert "cut off" in found["left"][0]["why"]


def test_a_rule_of_the_cell_that_denies_just_this_is_turned(cellc: Run, folder: Path) -> None:
    deny = 'user "1001"; deny process.fork;'
    (folder / "web.cell").write_text(WEB.replace('user "1001";', deny))
    found = learn(cellc, folder, line("worker", "process.fork", more="to=worker"))
    assert found["proposals"] == ["cell worker: allow process.fork;"]
    assert "+" in found["patch"]
    assert found["beyond"] == 0
    told = line("worker", "process.fork", more="to=worker")
    found = learn(cellc, folder, told, "--reason", "OPS #17")
    assert found["proposals"] == ['cell worker: @reason "OPS #17" allow process.fork;']


def test_the_reason_for_a_denial_is_none_for_its_opposite(cellc: Run, folder: Path) -> None:
    deny = """user "1001"; @reason "never" @ticket "OPS-1" deny network.bind.privport tcp port 9;"""
    (folder / "web.cell").write_text(WEB.replace('user "1001";', deny))
    bind = line("worker", "network.bind.privport", more="proto=tcp port=9")
    assert learn(cellc, folder, bind)["proposals"] == [
        'cell worker: @reason "" grant network.bind.privport tcp port 9;'
    ]
    assert cellc("learn", "web.cell", "log", "--write", "--reason", "asked", *DAY).exit_code == 0
    now = (folder / "web.cell").read_text()
    assert '@ticket "OPS-1" @reason "asked" grant network.bind' in " ".join(now.split())
    assert '"never"' not in now


SHARED = """\
policy web;
target netbsd 10.1;

profile service extends confined {
}
template tenant() extends service { limits { core 0; } }

cell a { profile service; }
cell b { use tenant(); }
cell c { use tenant(); }
"""


def shared(cellc: Run, folder: Path, cells: str, text: str = SHARED) -> dict[str, Any]:
    """What is proposed when these cells were all denied the same."""
    (folder / "web.cell").write_text(text)
    log = "".join(line(cell, "process.signal", more="to=host") for cell in cells)
    return learn(cellc, folder, log)


def test_a_profile_takes_what_all_of_its_cells_need(cellc: Run, folder: Path) -> None:
    found = shared(cellc, folder, "abc")
    (proposal,) = found["proposals"]
    assert proposal == "profile service: allow process.signal to host; (for a, b, c)"
    assert (found["apart"], found["beyond"]) == ([], 0)
    assert "profile service extends confined {\n+    allow process" in found["patch"]
    assert sum(row["requests"] for row in found["opened"]) == 3


def test_a_template_takes_what_only_its_cells_need(cellc: Run, folder: Path) -> None:
    found = shared(cellc, folder, "bc")
    assert found["proposals"] == ["template tenant: allow process.signal to host; (for b, c)"]
    assert found["apart"] == [
        "profile service: a uses it too, and nothing in the log says that this is needed there"
    ]


def test_a_cell_that_needs_it_alone_gets_it_alone(cellc: Run, folder: Path) -> None:
    found = shared(cellc, folder, "b")
    assert found["proposals"] == ["cell b: allow process.signal to host;"]
    assert found["apart"] == []


def test_what_a_later_layer_denies_goes_into_the_cells(cellc: Run, folder: Path) -> None:
    text = SHARED.replace(
        "cell a { profile service; }", "cell a { profile service; deny process.*; }"
    )
    found = shared(cellc, folder, "abc", text=text)
    assert found["proposals"] == [
        "cell a: allow process.signal to host;",
        "cell b: allow process.signal to host;",
        "cell c: allow process.signal to host;",
    ]
    assert found["apart"] == ["profile service: another rule denies it all the same"]


def test_the_rest_stays_in_the_cells(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(SHARED)
    log = "".join(line(cell, "process.signal", more="to=host") for cell in "abc")
    found = learn(cellc, folder, log + line("a", "process.signal", more="to=b"))
    assert found["proposals"] == [
        "profile service: allow process.signal to host; (for a, b, c)",
        "cell a: allow process.signal to b;",
    ]


def test_cells_call_themselves_self_where_they_share_a_rule(cellc: Run, folder: Path) -> None:
    deny = "profile service extends confined {\n    deny process.{signal, nice};"
    (folder / "web.cell").write_text(SHARED.replace("profile service extends confined {", deny))
    log = "".join(line(cell, "process.signal", more=f"to={cell}") for cell in "abc")
    found = learn(cellc, folder, log)
    assert found["proposals"] == [
        "profile service: allow process.signal to self; (for a, b, c)",
    ]
    assert {row["witness"] for row in found["opened"]} <= {
        f"{cell} process.signal to {cell}" for cell in "abc"
    }
    assert found["beyond"] == 0


def test_a_file_that_others_may_import_stays_as_it_is(cellc: Run, folder: Path) -> None:
    head, _, rest = SHARED.partition("profile service")
    profile, _, cells = rest.partition("cell a")
    (folder / "common.cell").write_text(f"profile service{profile}")
    found = shared(cellc, folder, "abc", text=f'{head}import "common.cell";\ncell a{cells}')
    assert [p.partition(":")[0] for p in found["proposals"]] == ["cell a", "cell b", "cell c"]
    assert "stands in common.cell, which other policies may import" in found["apart"][0]


def test_suppressed_lines_are_told(cellc: Run, folder: Path) -> None:
    log = line("worker", "process.signal", more="to=host").rstrip() + " suppressed=41\n"
    assert learn(cellc, folder, log)["unread"] == 41


def test_a_log_cannot_write_to_the_terminal(cellc: Run, folder: Path) -> None:
    (folder / "log").write_text(line("\x1b[2Jweb", "process.fork"))
    result = cellc("learn", "web.cell", "log", *DAY)
    assert result.exit_code == 1
    assert "\x1b" not in result.stderr
    assert "no cell is called" in result.stderr


NARROW = """\
policy web;
target netbsd 10.1;

profile base extends confined {
    allow process.signal to any;
}
cell web {
    profile base;
    deny network.bind port 1024..65535;
    # the ports that it needs
    @reason "ports" allow network.bind.port port 8000..9000;
    allow process.{ptrace, ktrace} to worker;
    listen tcp 80;
}
cell worker { profile base; allow process.nice to web; }
"""


def narrow(cellc: Run, folder: Path, lines: str, text: str = NARROW) -> dict[str, Any]:
    (folder / "web.cell").write_text(text)
    (folder / "log").write_text(lines)
    result = cellc("narrow", "web.cell", "log", "--format", "json", *DAY)
    assert result.exit_code == 0, result.output
    made: dict[str, Any] = json.loads(result.stdout)
    return made


def test_narrow_keeps_what_was_observed(cellc: Run, folder: Path) -> None:
    lines = (
        "web network.bind tcp port 8080\n"
        "# a comment\n"
        "allow web network.bind tcp port 8081 works;\n"
        "worker process.signal to web\n" + line("web", "process.signal", more="to=worker")
    )
    found = narrow(cellc, folder, lines)
    assert found["observed"] == 4
    assert found["proposals"] == [
        "profile base: allow process.signal to {web, worker};",
        "cell web: allow network.bind.port tcp port 8080..8081;",
        "cell web: without allow process.{ptrace, ktrace} to worker;",
        "cell worker: without allow process.nice to web;",
    ]
    assert {row["after"] for row in found["closed"]} == {"deny"}
    assert "# the ports that it needs" in found["patch"]
    assert cellc("narrow", "web.cell", "log", "--write", *DAY).exit_code == 0
    now = (folder / "web.cell").read_text()
    assert '@reason "ports"' in now
    assert "ptrace" not in now
    assert narrow(cellc, folder, lines, now)["proposals"] == []


def test_narrow_takes_no_comment_with_a_rule(cellc: Run, folder: Path) -> None:
    text = (
        "policy web;\ntarget netbsd 10.1;\n"
        "cell web {\n    profile confined;\n    allow process.signal # whom it starts\n"
        '        to any;\n    @reason "debugs"\n    # until the next release\n'
        "    allow process.ktrace to any;\n    allow process.nice to any; # stays\n}\n"
    )
    found = narrow(cellc, folder, "web process.signal to host\n", text)
    assert found["proposals"] == ["cell web: without allow process.nice to any;"]
    why = "a comment stands inside: change it by hand"
    assert found["refused"] == [
        {"proposal": "cell web: allow process.signal to host;", "why": why},
        {"proposal": "cell web: without allow process.ktrace to any;", "why": why},
    ]
    assert cellc("narrow", "web.cell", "log", "--write", *DAY).exit_code == 0
    now = (folder / "web.cell").read_text()
    assert [x in now for x in ("# whom", "# until", "    # stays\n")] == [True] * 3


def test_narrow_refuses_lines_about_nothing(cellc: Run, folder: Path) -> None:
    (folder / "log").write_text("web nothing.at.all\n")
    result = cellc("narrow", "web.cell", "log", *DAY)
    assert result.exit_code == 2
    assert "nothing.at.all" in result.stderr


def test_narrow_shows_the_line_that_it_refuses(cellc: Run, folder: Path) -> None:
    (folder / "log").write_text("web process.fork\n\n  allow webb system.module works;\n")
    result = cellc("narrow", "web.cell", "log", *DAY)
    assert " --> <observed>:3:9\n" in result.stderr
    assert "3 |   allow webb system.module works;\n  |         ^^^^\n" in result.stderr


def test_narrow_knows_a_cell_from_an_effect(cellc: Run, folder: Path) -> None:
    text = f"{NARROW}cell deny {{ profile base; allow network.route; }}\n"
    lines = "deny network.route\ndeny {network, process}.*\nallow deny process.fork;\n"
    found = narrow(cellc, folder, lines, text)
    assert not any("network.route" in proposal for proposal in found["proposals"])


NOISE = "Nov 24 03:00:00 x sshd[1]: hello\nNov 24 x /netbsd: cellpolicy: policy web in force\n"


@pytest.mark.parametrize(
    "log",
    [
        "",
        "# nothing yet\n",
        NOISE,
        line("gone", "process.fork", more="to=gone"),
        line("web", "system.module", mode="deny"),
        "host process.fork\n",
        "web network.bind.privport tcp port 8080\n",
    ],
)
def test_narrow_refuses_to_take_out_everything(cellc: Run, folder: Path, log: str) -> None:
    (folder / "log").write_text(log)
    result = cellc("narrow", "web.cell", "log", "--write", *DAY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error[E0420]: no line is a request that the policy admits a cell" in result.stderr
    assert ("passed over: 1 line: no cell is called `gone`" in result.stderr) == ("gone" in log)
    assert (folder / "web.cell").read_text() == WEB


def test_narrow_tells_which_lines_of_the_module_it_passes_over(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(NARROW)
    whole = line("web", "network.bind.port", more="proto=tcp port=8080")
    cut = whole[: whole.index("80 rule")] + "\n"
    damaged = line("web", "network.bind.port", more="proto=tcp port=x8080")
    unheard = line("web", "process.unheard", more="to=web")
    gone = line("gone", "process.fork", more="to=gone")
    (folder / "log").write_text(whole + cut + damaged + gone + unheard + NOISE + gone)
    result = cellc("narrow", "web.cell", "log", *DAY)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[:5] == [
        "1 request observed",
        "passed over: 1 line: the line tells no user id: it was cut off, or damaged",
        "passed over: 1 line: the line tells no port: it was cut off, or damaged",
        "passed over: 2 lines: no cell is called `gone`",
        "passed over: 1 line: there is no action `process.unheard` for this target",
    ]
    assert '+    @reason "ports" allow network.bind.port tcp port 8080;' in result.stdout
    result = cellc("narrow", "web.cell", "log", "--format", "json", *DAY)
    assert result.exit_code == 1
    passed = json.loads(result.stdout)["passed_over"]
    assert passed[2] == {"why": "no cell is called `gone`", "lines": 2}


@pytest.mark.parametrize("command", ["learn", "narrow"])
def test_wrong_use(cellc: Run, folder: Path, command: str) -> None:
    assert cellc(command, "web.cell", "absent", *DAY).exit_code == 2
    (folder / "log").write_text("")
    (folder / "web.cell").write_text("policy")
    assert cellc(command, "web.cell", "log", *DAY).exit_code == 1


def test_standard_input(cellc: Run, folder: Path) -> None:
    result = cellc("learn", "web.cell", "-", *DAY, input="nothing\n")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "nothing to propose\n"


@pytest.mark.parametrize("name", ["a b.cell", 'q"u\\o.cell', "tab\t.cell", "ü.cell"])
def test_patches_of_odd_names(tmp_path: Path, name: str) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / name).write_text("one\ntwo")
    (tmp_path / "p").write_text(patch("one\ntwo", "one\nthree\n", name))
    git(tmp_path, "apply", "p")
    assert (tmp_path / name).read_text() == "one\nthree\n"


def test_mistakes_in_what_was_observed_are_shown_where_they_stand(cellc: Run, folder: Path) -> None:
    (folder / "log").write_text("web process.fork\n  allow web process.frok;\nweb * port ..80,\n")
    result = cellc("narrow", "web.cell", "log", *DAY)
    assert result.exit_code == 2
    assert "--> <observed>:2:13" in result.stderr
    assert "2 |   allow web process.frok;" in result.stderr
    assert "--> <observed>:3:1" in result.stderr
