from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import WEB, Run

DAY = ("--today", "2026-11-24")
WIDER = WEB.replace("allow process.signal to worker;", "allow process.* to worker;")
ALL_OF_IT = """\
policy web;
target netbsd 10.1;
cell web {
    profile confined;
    root "/var/cells/web" base "/base";
    user "www" group "www";
    mount ro "/srv" at "/srv";
    devices { null }
    hook pre-start "/usr/bin/true";
    exec readonly;
    limits { nofile 64; processes 8; }
    service {
        command "/bin/x" "-a";
        require NETWORKING;
        env A "1";
        restart never;
    }
}
host { securelevel 1; sysctl security.models.extensions.curtain = 1; }
"""


def git(folder: Path, *words: str) -> None:
    environment = {
        **os.environ,
        **{f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }  # fmt: skip
    subprocess.run(["git", *words], cwd=folder, check=True, env=environment, capture_output=True)


@pytest.fixture
def repository(folder: Path) -> Path:
    """The folder as a git repository, whose main branch holds the policy."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    return folder


def records(cellc: Run, *words: str, status: int = 0) -> list[dict[str, Any]]:
    result = cellc("diff", *words, "--format", "json", *DAY)
    assert result.exit_code == status, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def compare(cellc: Run, folder: Path, old: str, new: str, status: int = 0) -> list[dict[str, Any]]:
    (folder / "old.cell").write_text(old)
    (folder / "new.cell").write_text(new)
    return records(cellc, "old.cell", "new.cell", status=status)


def test_the_same_policy(cellc: Run, folder: Path) -> None:
    (summary,) = compare(cellc, folder, WEB, WEB.replace("    ", "  "))
    assert summary["widened"] == summary["moved"] == {"classes": 0, "requests": 0}
    assert cellc("diff", "old.cell", "new.cell", *DAY).stdout == ""


def test_a_widening_has_a_witness_and_both_rules(cellc: Run, folder: Path) -> None:
    found = compare(cellc, folder, WEB, WIDER, status=3)
    row = found[0]
    assert row["direction"] == "widened"
    assert row["witness"].startswith("web process.")
    assert row["witness"].endswith(" to worker")
    assert row["before"] == {"decision": "deny", "outcome": "refused", "rule": None}
    assert row["after"]["decision"] == "allow"
    assert row["after"]["rule"]["text"] == "allow process.* to worker;"
    assert row["reason"] is None
    assert found[-1]["unjustified"] > 0
    text = cellc("diff", "old.cell", "new.cell", *DAY)
    assert text.exit_code == 3
    assert "new.cell:10  allow process.* to worker;" in text.stdout


def test_a_reason_before_the_new_rule_justifies_it(cellc: Run, folder: Path) -> None:
    told = WIDER.replace("allow process.*", '@reason "traced" allow process.*')
    found = compare(cellc, folder, WEB, told)
    widened = [row for row in found if row.get("direction") == "widened"]
    assert {row["reason"] for row in widened} == {"traced"}
    assert found[-1]["unjustified"] == 0


def test_the_reason_of_another_rule_justifies_nothing(cellc: Run, folder: Path) -> None:
    rules = "allow process.* to worker;"
    others = (
        f'@reason "a" allow process.nice to host; {rules} @reason "b" allow process.nice to self;'
    )
    found = compare(cellc, folder, WEB, WIDER.replace(rules, others), status=3)
    reasons = {row["reason"] for row in found[:-1] if "to worker" in row["request"]}
    assert reasons == {None}


def test_a_narrowing_needs_no_reason(cellc: Run, folder: Path) -> None:
    found = compare(cellc, folder, WIDER, WEB)
    assert found[-1]["widened"]["classes"] == 0 < found[-1]["narrowed"]["classes"]


def test_the_same_by_another_rule_is_moved(cellc: Run, folder: Path) -> None:
    other = WEB.replace("process.signal to worker;", "process.signal to {worker};")
    found = compare(cellc, folder, WEB, other)
    assert [(row["direction"], row["witness"]) for row in found[:-1]] == [
        ("moved", "web process.signal to worker")
    ]


@pytest.mark.parametrize(
    ("old", "new", "setting", "direction"),
    [
        ("mount ro", "mount rw", "mount /srv", "widened"),
        ("mount rw", "mount ro", "mount /srv", "narrowed"),
        ("nofile 64", "nofile 65", "limit nofile", "widened"),
        ("nofile 64", "nofile unlimited", "limit nofile", "widened"),
        ("processes 8", "processes 7", "limit processes", "narrowed"),
        ('user "www" group "www";', "", "user", "widened"),
        ('group "www"', 'group "other"', "group", "changed"),
        ("{ null }", "{ null random }", "device random", "widened"),
        ('hook pre-start "/usr/bin/true";', "", "hook pre-start /usr/bin/true", "narrowed"),
        ("exec readonly;", "", "exec readonly", "widened"),
        ("exec readonly;", "exec readonly; permissive;", "permissive", "widened"),
        ('base "/base"', 'base "/other"', "base", "changed"),
        ('"-a"', '"-b"', "service command", "changed"),
        ("require NETWORKING;", "require DAEMON;", "service require DAEMON", "changed"),
        ('"1"', '"2"', "service env A", "changed"),
        ("restart never", "restart always", "service restart", "changed"),
        ("securelevel 1", "securelevel 0", "securelevel", "widened"),
        ("curtain = 1", "curtain = 0", "sysctl security.models.extensions.curtain", "widened"),
        ("10.1", "11.0", "target", "changed"),
    ],
)
def test_settings(
    cellc: Run, folder: Path, old: str, new: str, setting: str, direction: str
) -> None:
    assert old in ALL_OF_IT or new in ALL_OF_IT
    texts = ALL_OF_IT, ALL_OF_IT.replace(old, new, 1)
    if old not in ALL_OF_IT:
        texts = ALL_OF_IT.replace(new, old, 1), ALL_OF_IT
    (folder / "old.cell").write_text(texts[0])
    (folder / "new.cell").write_text(texts[1])
    result = cellc("diff", "old.cell", "new.cell", "--format", "json", *DAY)
    assert result.exit_code == (3 if direction == "widened" else 0), result.output
    found = [json.loads(line) for line in result.stdout.splitlines()]
    rows = [row for row in found if row["kind"] == "setting" and row["setting"] == setting]
    assert [row["direction"] for row in rows] == [direction]


@pytest.mark.parametrize(("more", "direction"), [(1, "widened"), (-1, "narrowed")])
def test_large_limits_are_told_apart(cellc: Run, folder: Path, more: int, direction: str) -> None:
    old, new = (ALL_OF_IT.replace("nofile 64", f"as {2**60 + add}") for add in (0, more))
    found = compare(cellc, folder, old, new, status=3 if more > 0 else 0)
    rows = [(row["setting"], row["direction"]) for row in found if row["kind"] == "setting"]
    assert rows == [("limit as", direction)]


def test_hooks_in_another_order(cellc: Run, folder: Path) -> None:
    hook = 'hook pre-start "/usr/bin/true";'
    old, new = (
        ALL_OF_IT.replace(hook, " ".join(hook.replace("true", name) for name in names))
        for names in (("a", "b"), ("b", "a"))
    )
    (row,) = (row for row in compare(cellc, folder, old, new) if row["kind"] == "setting")
    assert (row["setting"], row["direction"]) == ("hook order pre-start", "changed")
    assert (row["before"], row["after"]) == ("/usr/bin/a; /usr/bin/b", "/usr/bin/b; /usr/bin/a")


def test_a_reason_before_a_setting(cellc: Run, folder: Path) -> None:
    new = ALL_OF_IT.replace("mount ro", '@reason "uploads" mount rw')
    assert compare(cellc, folder, ALL_OF_IT, new)[0]["reason"] == "uploads"


def test_outcomes_by_the_host_are_justified_there(cellc: Run, folder: Path) -> None:
    lower = ALL_OF_IT.replace("securelevel 1;", "securelevel 0;")
    found = compare(cellc, folder, ALL_OF_IT, lower, status=3)
    assert any(
        row["kind"] == "decision" and "host-root system.{setidcore, module" in row["request"]
        for row in found
    )
    told = lower.replace("securelevel 0;", '@reason "old driver" securelevel 0;')
    assert compare(cellc, folder, ALL_OF_IT, told)[-1]["unjustified"] == 0


def test_cells_come_and_go(cellc: Run, folder: Path) -> None:
    more = WEB + 'cell third { profile confined; allow process.signal to web; user "x"; }\n'
    found = compare(cellc, folder, WEB, more, status=3)
    assert [r["witness"] for r in found if r["kind"] == "decision"] == [
        "third process.signal to web"
    ]
    assert [r["setting"] for r in found if r["kind"] == "setting"] == ["cell"]
    gone = compare(cellc, folder, more, WEB)
    assert [r["direction"] for r in gone[:-1]] == ["narrowed", "changed"]


def test_ids_are_those_of_the_lock(cellc: Run, folder: Path) -> None:
    (folder / "old.cell").write_text(WEB)
    (folder / "new.cell").write_text(WEB)
    (folder / "old.cells.lock").write_text("web 1\nworker 2\n")
    assert len(records(cellc, "old.cell", "new.cell")) == 1
    (folder / "new.cells.lock").write_text("web 1\nworker 3\n")
    (row, _) = records(cellc, "old.cell", "new.cell")
    assert (row["cell"], row["setting"], row["before"], row["after"]) == ("worker", "id", "2", "3")


def test_git_revisions(cellc: Run, repository: Path) -> None:
    web = repository / "web.cell"
    assert len(records(cellc, "main..")) == 1
    web.write_text(WIDER)
    widened = records(cellc, "main..", "web.cell", status=3)
    assert widened == records(cellc, "main..", status=3)
    assert widened[-1]["old"] == "main:web.cell"
    assert widened[-1]["new"] == "web.cell"
    assert widened[:-1] == records(cellc, "main:web.cell", "web.cell", status=3)[:-1]
    git(repository, "commit", "-qam", "second")
    assert widened[:-1] == records(cellc, "HEAD~1..HEAD", status=3)[:-1]
    assert widened[:-1] == records(cellc, "HEAD~1:./web.cell", "HEAD:web.cell", status=3)[:-1]
    assert len(records(cellc, "..HEAD")) == 1
    state = subprocess.run(
        ["git", "status", "--porcelain"], cwd=repository, capture_output=True, check=True
    )
    assert state.stdout == b""


def test_a_revision_has_its_own_imports_and_root(cellc: Run, repository: Path) -> None:
    inner = repository / "site" / "odd name; $(touch x)"
    inner.mkdir(parents=True)
    (repository / "site" / "cellc.toml").touch()
    common = inner / "common\n.inc"
    common.write_text("profile base extends confined { deny process.fork; }\n")
    (repository / "site" / "link").symlink_to(inner.name)
    policy = repository / "site" / "web.cell"
    policy.write_text(
        'policy web;\ntarget netbsd 10.1;\nimport "link/common\\n.inc";\n'
        "cell web { profile base; }\n"
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "imports")
    assert len(records(cellc, "HEAD..", "site/web.cell")) == 1
    common.write_text("profile base extends confined { }\n")
    found = records(cellc, "HEAD..", "site/web.cell", status=3)
    assert [row["witness"] for row in found[:-1]] == ["web process.fork to web"]
    assert found[0]["before"]["rule"]["file"] == "odd name; $(touch x)/common\n.inc"
    assert not (repository / "x").exists()


def test_a_revision_of_a_link_has_what_lies_beside_the_file(cellc: Run, repository: Path) -> None:
    (repository / "site").mkdir()
    (repository / "site" / "cellc.toml").touch()
    (repository / "web.cell").rename(repository / "site" / "web.cell")
    (repository / "web.cell").symlink_to("site/web.cell")
    lock = repository / "site" / "web.cells.lock"
    lock.write_text("web 1\nworker 2\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "link")
    assert len(records(cellc, "HEAD..", "web.cell")) == 1
    lock.write_text("web 1\nworker 3\n")
    (row, _) = records(cellc, "HEAD..", "web.cell")
    assert (row["cell"], row["setting"], row["before"], row["after"]) == ("worker", "id", "2", "3")


def test_what_expired_since_or_was_broken_can_be_compared(cellc: Run, repository: Path) -> None:
    web = repository / "web.cell"
    web.write_text(
        WEB.replace("2027-06-30", "2020-01-01") + "assert never web process.signal to worker;\n"
    )
    git(repository, "commit", "-qam", "broken")
    web.write_text(WEB)
    assert records(cellc, "HEAD..")[-1]["widened"]["classes"] == 0
    assert cellc("diff", "web.cell", "HEAD:web.cell", *DAY).stdout == ""


def test_a_change_that_breaks_an_assertion_is_shown(cellc: Run, repository: Path) -> None:
    (repository / "web.cell").write_text(WIDER + "assert never web process.ptrace to worker;\n")
    result = cellc("diff", "main..", *DAY)
    assert result.exit_code == 1
    assert "error[E0607]" in result.stderr
    assert "deny -> allow  web process." in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing..",), "nothing"),
        (("main..", "absent.cell"), "no file `absent.cell`"),
        (("main:absent.cell", "web.cell"), "no file `absent.cell`"),
        (("main:../web.cell", "web.cell"), "outside"),
        (("main",), "main.."),
        (("--", "-x:web.cell", "web.cell"), "begins with a dash"),
    ],
)
def test_wrong_use(cellc: Run, repository: Path, words: tuple[str, ...], said: str) -> None:
    result = cellc("diff", *DAY, *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_several_policies_must_be_named(cellc: Run, repository: Path) -> None:
    (repository / "other.cell").write_text(WEB)
    result = cellc("diff", "main..", *DAY)
    assert result.exit_code == 2
    assert "`other.cell`, `web.cell`" in result.stderr


def test_no_repository(cellc: Run, folder: Path) -> None:
    result = cellc("diff", "main..", *DAY)
    assert result.exit_code == 2
    assert "git" in result.stderr


def test_errors_of_a_revision_name_it(cellc: Run, repository: Path) -> None:
    (repository / "web.cell").write_text(WEB.replace("confined", "confind"))
    git(repository, "commit", "-qam", "broken")
    result = cellc("diff", "HEAD:web.cell", "web.cell", *DAY)
    assert result.exit_code == 1
    assert "--> HEAD:web.cell:5" in result.stderr


def test_text_is_short_unless_all_is_wanted(cellc: Run, folder: Path) -> None:
    many = "".join(f"    allow network.bind tcp port {n};\n" for n in range(2000, 2080, 2))
    rules = "    deny network.bind tcp port 2000..3000;\n"
    (folder / "old.cell").write_text(WEB.replace("    listen tcp 80;\n", rules, 1))
    (folder / "new.cell").write_text(WEB.replace("    listen tcp 80;\n", rules + many, 1))
    short = cellc("diff", "old.cell", "new.cell", *DAY).stdout
    assert "20 more (--all shows them)" in short
    whole = cellc("diff", "old.cell", "new.cell", "--all", *DAY).stdout
    assert "more (" not in whole
    assert len(whole) > len(short)


def test_markdown_of_hostile_text(cellc: Run, folder: Path) -> None:
    hostile = "</code>|<img src=x onerror=alert(1)> [x](http://e) `*_ @everyone"
    new = WEB.replace("cell worker {", f'cell worker {{ hook pre-start "/bin/x" "{hostile}";')
    (folder / "old.cell").write_text(WEB)
    (folder / "new.cell").write_text(new.replace('user "1001"', 'root "/w"; user "1001"'))
    result = cellc("diff", "old.cell", "new.cell", "--format", "markdown", *DAY)
    assert result.exit_code == 3
    assert "onerror" in result.stdout
    for piece in ("<img", "](", "@everyone", "`", "http://"):
        assert piece not in result.stdout
    rows = [line for line in result.stdout.splitlines() if line.startswith("| widened")]
    assert {line.count("|") for line in rows} == {6, 4}


def test_sarif(cellc: Run, repository: Path) -> None:
    (repository / "web.cell").write_text(WIDER)
    result = cellc("diff", "main..", "--format", "sarif", *DAY)
    assert result.exit_code == 3
    (run,) = json.loads(result.stdout)["runs"]
    first = run["results"][0]
    assert first["ruleId"] == "widened-without-reason"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "web.cell"
    assert place["region"]["startLine"] == 10
