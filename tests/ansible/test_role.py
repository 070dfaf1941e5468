"""The role on a fleet of fake hosts: what it changes, what it leaves, and what it takes back."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ansible.fleet import BIN, Fleet

PLAY = """\
- name: Bring hosts to a cell policy
  hosts: cellpolicy
  gather_facts: false
  roles: [cellpolicy]
"""

OLD = {"db": "/bin/db-1", "web": "/bin/web-1"}
NEW = {"db": "/bin/db-1", "mail": "/bin/mail", "web": "/bin/web-2"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    old, new = fleet.build("old", **OLD), fleet.build("new", **NEW)
    sick = fleet.build("sick", **(NEW | {"mail": "/bin/sick"}))
    refused = fleet.build("refused", **(NEW | {"mail": "/bin/refused"}))
    fleet.host("bare", new)
    fleet.host("older", new, old)
    fleet.host("same", new, new)
    fleet.host("every", new, old, cellpolicy_restart="all", cellpolicy_skip=["mail"])
    fleet.host("sick-bare", sick)
    fleet.host("refused-older", refused, old)
    fleet.host("no-build", fleet.root / "bin", old)
    fleet.host("not-netbsd", new, cellpolicy_destdir="")
    (fleet.root / "play.yml").write_text(PLAY)
    (fleet.root / "roles").symlink_to(new / "ansible/roles")
    return fleet


def test_a_fleet(fleet: Fleet) -> None:
    """In this order: what a dry run changes, what a run does, what a second run finds."""
    before = {host: fleet.tree(host) for host in fleet.hosts}
    _dry_run(fleet, before)
    _run(fleet, before)
    _second_run(fleet)


def _dry_run(fleet: Fleet, before: dict[str, dict[str, bytes]]) -> None:
    recap = fleet.play(fleet.root / "play.yml", "--check", hosts=("bare", "same"))
    assert recap.status == 0, recap.output
    changed = {host: counts["changed"] for host, counts in recap.hosts.items()}
    assert changed == {"bare": 1, "same": 0}
    for host in recap.hosts:
        assert fleet.tree(host) == before[host]
        assert fleet.calls(host) == []


def _run(fleet: Fleet, before: dict[str, dict[str, bytes]]) -> None:
    recap = fleet.play(fleet.root / "play.yml")
    assert recap.status != 0
    failed = {host for host, counts in recap.hosts.items() if counts["failed"]}
    assert failed == {"sick-bare", "refused-older", "no-build", "not-netbsd"}

    health = ["cell_db health", "cell_mail health", "cell_web health"]
    assert fleet.calls("same") == []
    assert fleet.calls("bare") == [
        "cellpolicy reload",
        "cell_db restart",
        "cell_mail restart",
        "cell_web restart",
        *health,
    ]
    assert fleet.calls("older") == [
        "cellpolicy reload",
        "cell_mail restart",
        "cell_web restart",
        *health,
    ]
    assert fleet.calls("every") == [
        "cellpolicy reload",
        "cell_db restart",
        "cell_web restart",
        "cell_db health",
        "cell_web health",
    ]
    assert fleet.tree("bare") == fleet.tree("older") == fleet.tree("same")
    assert b"/bin/web-2" in fleet.tree("older")["etc/rc.d/cell_web"]

    assert fleet.calls("sick-bare")[4:] == [
        *("cell_db health", "cell_mail health", "cell_mail health", "cell_web health"),
        *("cell_db onestop", "cell_mail onestop", "cell_web onestop", "cellpolicy stop"),
    ]
    assert fleet.calls("refused-older") == [
        "cellpolicy reload",
        "cell_mail onestop",
        "cellpolicy reload",
        "cell_web restart",
    ]
    for host in failed - {"not-netbsd"}:
        assert fleet.tree(host) == before[host], host
    said = re.sub(r"\s+", " ", recap.output)
    assert "the build before is in force again; Reload the cell policy" in said
    assert "nothing stays installed; Ask each cell whether it is well" in said
    assert "has no manifest.json: set cellpolicy_build to the output of cellc build" in said
    assert "is compiled for NetBSD 10.1 and this host runs Linux" in said


def _second_run(fleet: Fleet) -> None:
    hosts = ("bare", "every")
    recap = fleet.play(fleet.root / "play.yml", hosts=hosts)
    assert recap.status == 0, recap.output
    assert {host: counts["changed"] for host, counts in recap.hosts.items()} == dict.fromkeys(
        hosts, 0
    )
    assert [call for host in hosts for call in fleet.calls(host)] == []


def test_cells_that_a_build_no_longer_has_are_stopped_when_asked_to(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    old, new = fleet.build("old", **OLD), fleet.build("new", db="/bin/db-2")
    fleet.host("a", new, old, cellpolicy_restart="none")
    asked = ("-e", "cellpolicy_stop_removed=true")  # which is a text
    recap = fleet.play(new / "ansible/playbook.yml", *asked)
    assert recap.status == 0, recap.output
    assert fleet.calls("a") == [
        *("cell_web onestatus", "cell_web onestop"),
        *("cellpolicy reload", "cell_db health"),
    ]
    assert "etc/rc.d/cell_web" not in fleet.tree("a")


def test_cells_that_were_stopped_are_started_again_when_the_build_fails(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    old = fleet.build("old", db="/bin/db-1", job="/bin/ended", web="/bin/web-1")
    sick = fleet.build("sick", db="/bin/sick")
    fleet.host("a", sick, old, cellpolicy_stop_removed=True)
    before = fleet.tree("a")
    recap = fleet.play(sick / "ansible/playbook.yml")
    assert recap.hosts["a"]["rescued"] == 1, recap.output
    assert fleet.calls("a")[-3:] == ["cellpolicy reload", "cell_db restart", "cell_web onerestart"]
    assert fleet.tree("a") == before


def test_scripts_of_others_are_not_stopped(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    old, new = fleet.build("old", **OLD), fleet.build("new", db="/bin/db-1")
    fleet.host("a", new, old, cellpolicy_stop_removed=True)
    (tmp_path / "hosts/a/etc/rc.d/cell_tower").write_text("#!/bin/sh\n")
    recap = fleet.play(new / "ansible/playbook.yml")
    assert recap.status == 0, recap.output
    assert fleet.calls("a") == [
        *("cell_web onestatus", "cell_web onestop"),
        *("cellpolicy reload", "cell_db health"),
    ]


def test_what_a_run_before_left_on_the_host_is_not_installed(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    old, new = fleet.build("old", **OLD), fleet.build("new", **NEW)
    fleet.host("a", new, old)
    shutil.copytree(
        fleet.build("left", web="/bin/left"), tmp_path / "hosts/a/var/db/cellpolicy-shipped"
    )
    recap = fleet.play(new / "ansible/playbook.yml")
    assert recap.status == 0, recap.output
    assert b"/bin/web-2" in fleet.tree("a")["etc/rc.d/cell_web"]


def test_a_run_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    old, new = fleet.build("old", **OLD), fleet.build("new", **NEW)
    fleet.host("a", new, old)
    fleet.host("b", new, new)
    (tmp_path / "hosts/a/cut").touch()
    play = new / "ansible/playbook.yml"
    assert fleet.play(play, hosts=("a",)).status == -9
    assert fleet.calls("a") == ["cellpolicy reload"]
    assert fleet.play(play, "--check", hosts=("a",)).status == 0
    recap = fleet.play(play)
    assert recap.status == 0, recap.output
    assert fleet.calls("a") == [
        "cellpolicy reload",
        *("cell_db restart", "cell_mail restart", "cell_web restart"),
        *("cell_db health", "cell_mail health", "cell_web health"),
    ]
    assert fleet.tree("a") == fleet.tree("b")
    assert fleet.play(play, hosts=("a",)).hosts["a"]["changed"] == 0


def test_manual_cells_are_neither_started_nor_asked(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    old, new = (
        fleet.build("old", job="/manual/job", web="/bin/web-1"),
        fleet.build("new", web="/bin/web-2", work="/manual/work"),
    )
    sick = fleet.build("sick", web="/bin/sick", work="/manual/work")
    fleet.host("a", new, old, cellpolicy_stop_removed=True)
    fleet.host("b", sick, old)
    recap = fleet.play(new / "ansible/playbook.yml", "-e", "cellpolicy_serial=1")
    assert recap.hosts["a"]["failed"] == 0, recap.output
    assert fleet.calls("a") == [
        "cell_job onestatus",
        "cell_job onestop",
        "cellpolicy reload",
        "cell_web restart",
        "cell_web health",
    ]
    assert recap.hosts["b"]["rescued"] == 1, recap.output
    assert fleet.calls("b")[-3:] == ["cell_work onestop", "cellpolicy reload", "cell_web restart"]
    assert b"/bin/web-1" in fleet.tree("b")["etc/rc.d/cell_web"]


def test_the_playbook_stops_at_the_first_host_that_does_not_take_the_build(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    sick = fleet.build("sick", web="/bin/sick")
    for name in ("a", "b"):
        fleet.host(name, sick)
    recap = fleet.play(sick / "ansible/playbook.yml", "-e", "cellpolicy_serial=1")
    assert recap.status != 0
    assert recap.hosts["a"]["failed"] == 1
    assert "b" not in recap.hosts
    assert fleet.calls("b") == []


def test_ansible_lint_has_nothing_to_say(tmp_path: Path) -> None:
    build = Fleet(tmp_path).build("build", **NEW)
    command = [str(BIN / "ansible-lint"), "--offline", "--profile", "production", "-q", "."]
    environment = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=build / "ansible", capture_output=True, text=True, env=environment
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
