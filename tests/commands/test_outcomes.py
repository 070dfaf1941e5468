"""Votes and outcomes as `cellc explain` and `cellc query` show them, for all kinds of users."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Run

POLICY = """\
policy stack;
target netbsd 10.1;
host { %s }
cell user {
    profile low; user "www";
    deny system.reboot;
    @reason "r" grant system.mknod;
    @reason "r" grant system.module;
    @reason "r" grant network.bind.privport tcp port 80;
    grant network.socket.cansee;
    deny vnode.write_data;
}
cell root { profile low; user "0"; deny system.reboot; deny device.rawio_spec.write; }
cell bare { profile low; }
cell alias { profile low; user "toor"; }
cell stranger { profile low; user "no-such-user"; }
cell tried { profile low; user "www"; permissive; deny system.chroot; deny process.fork; }
"""

CURTAIN = "sysctl security.curtain = 1;"

CASES = [
    # request, host, decision, outcome, by, remark
    ("user system.reboot", "", "deny", "refused", "cellpolicy", "redundant deny"),
    ("root system.reboot", "", "deny", "refused", "cellpolicy", None),
    ("user system.swapctl", "", "allow", "refused", "default", "powerless allow"),
    ("root system.swapctl", "", "allow", "works", "suser", None),
    ("bare system.swapctl", "", "allow", "works", "suser", None),
    ("alias system.swapctl", "", "allow", "works", "suser", None),
    ("stranger system.swapctl", "", "allow", "refused", "default", "powerless allow"),
    ("host system.swapctl", "", "allow", "refused", "default", "powerless allow"),
    ("host-root system.swapctl", "", "allow", "works", "suser", None),
    ("user system.mknod", "", "grant", "works", "cellpolicy", None),
    ("user system.module", "", "grant", "works", "cellpolicy", None),
    ("user system.module", "securelevel 1;", "grant", "refused", "securelevel", "powerless grant"),
    ("root system.module", "securelevel 1;", "allow", "refused", "securelevel", "powerless allow"),
    ("host-root system.module", "securelevel 1;", "allow", "refused", "securelevel",
     "powerless allow"),
    ("stranger system.module", "", "allow", "depends", "module", None),
    ("user network.bind tcp port 80", "", "grant", "works", "cellpolicy", None),
    ("user network.bind tcp port 81", "", "allow", "refused", "default", "powerless allow"),
    ("user network.bind tcp port 8080", "", "allow", "works", "socket", None),
    ("user network.socket.cansee", "", "grant", "works", "cellpolicy", "redundant grant"),
    ("user network.socket.cansee", CURTAIN, "grant", "depends", "extensions", None),
    ("stranger network.socket.cansee", CURTAIN, "allow", "depends", "extensions", None),
    ("root network.socket.cansee", CURTAIN, "allow", "works", "socket", None),
    ("user network.socket.open domain inet type stream", "", "allow", "works", "socket", None),
    ("user network.socket.open domain inet type raw", "", "allow", "refused", "default",
     "powerless allow"),
    ("user network.socket.open domain route type raw", "", "allow", "works", "socket", None),
    ("root network.socket.open domain inet type raw", "", "allow", "works", "suser", None),
    ("user process.signal to self", "", "allow", "depends", "signal", None),
    ("root process.signal to self", "", "allow", "works", "suser", None),
    ("user process.signal to root", "", "deny", "refused", "cellpolicy", None),
    ("user process.cansee.kptr", "sysctl kern.expose_address = 0;", "allow", "refused", "default",
     "powerless allow"),
    ("user process.cansee.kptr", "sysctl kern.expose_address = 2;", "allow", "works", "proc", None),
    ("root process.cansee.kptr", "sysctl kern.expose_address = 0;", "allow", "works", "suser",
     None),
    ("user vnode.write_data", "", "deny", "refused", "cellpolicy", None),
    ("user vnode.read_data", "", "allow", "depends", "filesystem", None),
    ("root vnode.read_data", "", "allow", "works", "suser", None),
    ("root vnode.execute", "", "allow", "depends", "filesystem", None),
    ("user vnode.add_link", "", "allow", "works", "filesystem", None),
    ("user vnode.add_link", "sysctl security.models.extensions.hardlink_check_uid = 1;", "allow",
     "depends", "extensions", None),
    ("root vnode.write_sysflags", "securelevel 1;", "allow", "depends", "securelevel", None),
    ("user device.rawio_spec.rw", "", "allow", "works", "rawio", None),
    ("user device.rawio_spec.rw", "securelevel 1;", "allow", "depends", "securelevel", None),
    ("root device.rawio_spec.write", "", "deny", "refused", "cellpolicy", None),
    ("root machdep.iopl", "", "allow", "works", "suser", None),
    ("root machdep.iopl", "securelevel 1;", "allow", "refused", "securelevel", "powerless allow"),
    ("user machdep.ldt_set", "sysctl machdep.user_ldt = 1;", "allow", "works", "x86", None),
    ("user system.mount.new", "sysctl vfs.generic.usermount = 1;", "allow", "depends", "extensions",
     None),
    ("root system.veriexec.modify", "sysctl kern.veriexec.strict = 1;", "allow", "refused",
     "veriexec", "powerless allow"),
]  # fmt: skip


@pytest.fixture
def policy(folder: Path) -> Path:
    return folder / "stack.cell"


def answer(cellc: Run, command: str, request: str) -> list[dict[str, Any]]:
    result = cellc(command, "stack.cell", request, "--format", "json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(("request_", "host", "decision", "outcome", "by", "remark"), CASES)
def test_explain_and_query_agree(
    cellc: Run, policy: Path, request_: str, host: str, decision: str, outcome: str, by: str,
    remark: str | None,
) -> None:  # fmt: skip
    policy.write_text(POLICY % host)
    for command in ("explain", "query"):
        (row,) = answer(cellc, command, request_)
        found = (row["decision"], row["outcome"], row["by"], row["remark"])
        assert found == (decision, outcome, by, remark), command


def test_explain_lists_every_vote(cellc: Run, policy: Path) -> None:
    policy.write_text(POLICY % "securelevel 1;")
    (row,) = answer(cellc, "explain", "user system.module")
    votes = {v["voter"]: (v["vote"], v["might"], v["when"]) for v in row["voters"]}
    assert votes == {
        "cellpolicy": ("allow", None, None),
        "securelevel": ("deny", None, None),
        "extensions": ("defer", None, None),
        "module": (
            "depends", "allow", "it is an autoload or the enabling of a built-in module",
        ),
        "suser": ("defer", None, None),
    }  # fmt: skip


def test_text_says_it_in_words(cellc: Run, policy: Path) -> None:
    policy.write_text(POLICY % "securelevel 1;")
    text = cellc("explain", "stack.cell", "user system.module").stdout
    assert text.startswith(
        "user system.module: grant; outcome: refused by securelevel (powerless grant)\n"
    )
    assert "\n  securelevel votes deny\n" in text
    assert "module votes depends (allow when it is an autoload" in text
    rows = cellc("query", "stack.cell", "user system.{module, reboot, swapctl}").stdout
    assert "[refused by securelevel; powerless grant]" in rows
    assert "[refused by cellpolicy; redundant deny]" in rows
    assert "[refused by default; powerless allow]" in rows


def test_csv_has_remarks(cellc: Run, policy: Path) -> None:
    policy.write_text(POLICY % "")
    head, row = cellc("query", "stack.cell", "user system.reboot", "--format", "csv").stdout.split(
        "\n"
    )[:2]
    assert dict(zip(head.split(","), row.split(","), strict=False))["remark"] == "redundant deny"


def test_a_permissive_cell_is_told_apart(cellc: Run, policy: Path) -> None:
    policy.write_text(POLICY % "")
    (row,) = answer(cellc, "explain", "tried process.fork")
    assert (row["decision"], row["outcome"], row["permissive"]) == ("deny", "refused", True)
    (row,) = answer(cellc, "explain", "tried system.mknod")
    assert row["permissive"] is False
    (row,) = answer(cellc, "explain", "user system.reboot")
    assert row["permissive"] is False
    text = cellc("explain", "stack.cell", "tried process.fork").stdout
    assert "\n  permissive: for now it is logged and let pass\n" in text


def test_a_permissive_policy_is_so_for_all(cellc: Run, policy: Path) -> None:
    policy.write_text(POLICY % "" + "permissive;\n")
    (row,) = answer(cellc, "explain", "user system.reboot")
    assert row["permissive"] is True


def test_the_user_of_a_log_line_counts(cellc: Run, policy: Path) -> None:
    policy.write_text(POLICY % "")
    line = "cellpolicy: deny cell=user action=system.reboot rule=default pid=1 uid="
    (as_root,) = answer(cellc, "explain", line + "0")
    (as_user,) = answer(cellc, "explain", line + "1000")
    assert (as_root["remark"], as_user["remark"]) == (None, "redundant deny")
