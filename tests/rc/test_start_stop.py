"""What start, stop, restart, status and health do on a host of stubs."""

from __future__ import annotations

import pytest

from tests.rc.cells import full_cell, policy
from tests.rc.support import NODES, Host, eventually


@pytest.fixture
def web(host: Host) -> Host:
    cell = full_cell(host.root, ("/bin/sleep", "1000"))
    host.install(policy(cell))
    return host


START = [
    "mount_null [-o] [ro,nodev] [/base] [/cells/web]",
    "pax [-rw] [-pe] [.] [/cells/web.overlay/.etc.new]",
    "mount_null [-o] [noexec,nosuid,nodev] [/cells/web.overlay/etc] [/cells/web/etc]",
    "pax [-rw] [-pe] [.] [/cells/web.overlay/.tmp.new]",
    "mount_null [-o] [noexec,nosuid,nodev] [/cells/web.overlay/tmp] [/cells/web/tmp]",
    "pax [-rw] [-pe] [.] [/cells/web.overlay/.var.new]",
    "mount_null [-o] [noexec,nosuid,nodev] [/cells/web.overlay/var] [/cells/web/var]",
    "mount_null [-o] [ro,nosuid,nodev] [/srv/www] [/cells/web/var/www]",
    "mount_null [-o] [noexec,nosuid,nodev] [/srv/data] [/cells/web/var/data/x]",
    "mount_tmpfs [-o] [noexec,nosuid] [-m] [755] [-s] [1M] [tmpfs] [/cells/web/dev]",
    "pax [-rw] [-pe] [null] [zero] [/cells/web/dev]",
    "mount_ptyfs [-o] [noexec,nosuid] [ptyfs] [/cells/web/dev/pts]",
    "veriexecctl [query] [/cells/web/usr/libexec/httpd]",
    "veriexecctl [load] [/libexec/cellpolicy/signatures/web]",
    "veriexecctl [query] [/cells/web/usr/libexec/httpd]",
]
ENTRY = (
    "[-c] [/cells/web] [-u] [www] [-g] [80] [-l] [nofile=4096] [-l] [core=0]"
    " [-l] [as=unlimited] [-e] [LANG=C] [--] [web]"
)


def test_start_mounts_probes_and_supervises_in_order(web: Host) -> None:
    result = web.run("cell_web", "start")
    assert (result.status, result.stdout) == (0, "Starting cell web.\n"), result.stderr
    assert eventually(web.processes)
    log = web.log("mount_null", "pax", "mount_tmpfs", "mount_ptyfs", "veriexecctl", "cellexec")
    assert log[: len(START)] == START
    assert log[len(START)] == f"cellexec [-p] {ENTRY} [/bin/sleep] [1000]"
    assert sorted(log[len(START) + 1 :]) == [
        f"cellexec {ENTRY} [/bin/true] [a b]",
        f"cellexec [-s] {ENTRY} [/bin/sleep] [1000]",
    ]
    assert web.running()
    assert (web.state / "hooks").read_text() == (
        "web pre-start two words\nweb post-start two words\n"
    )
    assert web.leftovers() == ["journal", "pid", "service", "up"]


def test_stop_undoes_everything_in_reverse(web: Host) -> None:
    web.run("cell_web", "start")
    mounted = [line.split(" on ")[1].split(" type ")[0] for line in web.mounts()]
    assert eventually(web.processes)
    web.log()
    result = web.run("cell_web", "stop")
    assert (result.status, result.stdout) == (0, "Stopping cell web.\n"), result.stderr
    assert web.mounts() == []
    assert web.processes() == []
    assert not web.running()
    assert web.leftovers() == []
    log = web.log("umount")
    assert log == [
        f"umount [-R] [{target}]".replace(str(web.root), "") for target in reversed(mounted)
    ]
    assert (web.state / "hooks").read_text().splitlines()[2:] == [
        "web pre-stop two words",
        "web post-stop two words",
    ]


def test_stop_of_what_is_down_does_nothing(web: Host) -> None:
    for _ in range(2):
        assert web.run("cell_web", "stop").status == 0
    assert web.log("umount", "cellexec") == []


def test_start_twice_is_refused_and_changes_nothing(web: Host) -> None:
    assert web.run("cell_web", "start").status == 0
    assert eventually(web.processes)
    mounts, processes = web.mounts(), web.processes()
    result = web.run("cell_web", "start")
    assert result.status == 1
    assert "is up already" in result.stderr
    assert (web.mounts(), web.processes()) == (mounts, processes)


def test_restart_gives_a_new_process_and_the_same_mounts(web: Host) -> None:
    web.run("cell_web", "start")
    assert eventually(web.processes)
    mounts, processes = web.mounts(), web.processes()
    assert web.run("cell_web", "restart").status == 0
    assert eventually(web.processes)
    assert web.mounts() == mounts
    assert web.processes() != processes


def test_restart_starts_nothing_when_stop_fails(web: Host) -> None:
    web.run("cell_web", "start")
    for name in ("busy", "hopeless"):
        (web.state / name).touch()
    mounts = web.mounts()
    web.log()
    result = web.run("cell_web", "restart")
    assert result.status == 1
    assert "fstat(1) tells what uses it" in result.stderr
    assert web.mounts() == mounts
    assert web.log("mount_null") == []
    (web.state / "busy").unlink()
    assert web.run("cell_web", "stop").status == 0
    assert web.mounts() == []


def test_restart_under_another_policy_stops_nothing(web: Host) -> None:
    web.run("cell_web", "start")
    assert eventually(web.processes)
    (web.state / f"sysctl/{NODES}hash").write_text("0" * 64 + "\n")
    mounts, processes = web.mounts(), web.processes()
    assert web.run("cell_web", "restart").status == 1
    assert (web.mounts(), web.processes()) == (mounts, processes)


def test_forcestop_forces_unmounting(web: Host) -> None:
    web.run("cell_web", "start")
    web.log()
    assert web.run("cell_web", "forcestop").status == 0
    assert "umount [-f] [-R] [/cells/web]" in web.log("umount")


def test_status_tells_up_ended_and_down(web: Host) -> None:
    down = web.run("cell_web", "status")
    assert (down.status, down.stdout) == (1, "Cell web is down; processes: 0.\n")
    web.run("cell_web", "start")
    assert eventually(web.processes)
    pid = (web.run_dir / "web/pid").read_text().strip()
    up = web.run("cell_web", "status")
    assert (up.status, up.stdout) == (
        0,
        f"Cell web is up; processes: 1.\ncell_web is running as pid {pid}.\n",
    )
    web.close()
    assert eventually(lambda: not web.running())
    ended = web.run("cell_web", "status")
    assert ended.status == 1
    assert "its service has ended" in ended.stdout


def test_health_runs_inside_the_cell(web: Host) -> None:
    assert web.run("cell_web", "health").status == 1
    web.run("cell_web", "start")
    assert eventually(web.processes)
    web.log()
    assert web.run("cell_web", "health").status == 0
    assert web.log("cellexec") == [f"cellexec {ENTRY} [/bin/true] [a b]"]


def test_health_fails_with_the_check(web: Host) -> None:
    web.run("cell_web", "start")
    assert eventually(web.processes)
    script = web.root / "etc/rc.d/cell_web"
    script.write_text(script.read_text().replace("/bin/true", "/bin/false"))
    result = web.run("cell_web", "health")
    assert result.status == 1
    assert "its health check ended with status 1" in result.stderr


def test_rcvar_decides_and_one_overrides(web: Host) -> None:
    (web.root / "etc/rc.conf").write_text("cell_web=NO\n")
    result = web.run("cell_web", "start")
    assert result.status == 1
    assert "cell_web is not enabled" in result.stderr
    assert web.mounts() == []
    assert web.run("cell_web", "onestart").status == 0


def test_the_overlay_keeps_what_the_cell_wrote(web: Host) -> None:
    web.run("cell_web", "start")
    kept = web.root / "cells/web.overlay/etc/passwd"
    assert kept.read_text().startswith("www:")
    kept.write_text("changed\n")
    web.run("cell_web", "restart")
    assert kept.read_text() == "changed\n"
