"""What may be mounted where, and what only looks as if it might."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.ir.ir import Cell, ExecHash, Hook, Mount
from tests.rc.cells import minimal, policy
from tests.rc.support import Host, directories, program


def _start(host: Host, cell: Cell) -> str:
    """Starts a cell that must be refused, and returns what it says."""
    host.install(policy(cell))
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert host.mounts() == []
    assert host.leftovers() == []
    return result.stderr


def _root(host: Host) -> str:
    directories(host.root, ("cells/web", "srv"))
    return f"{host.root}/cells/web"


@pytest.mark.parametrize("place", ["link", "link/below", "dir/link"])
def test_links_in_the_cell_do_not_lead_mounts_out(host: Host, place: str) -> None:
    root = _root(host)
    directories(host.root, ("cells/web/dir", "outside"))
    for link in ("link", "dir/link"):
        Path(root, link).symlink_to(host.root / "outside")
    cell = minimal(root=root, mounts=(Mount("rw", f"{host.root}/srv", f"/{place}"),))
    assert "is a symbolic link" in _start(host, cell)
    assert list((host.root / "outside").iterdir()) == []


def test_a_root_behind_a_link_goes_by_its_real_name(host: Host) -> None:
    _root(host)
    (host.root / "alias").symlink_to(host.root / "cells")
    host.install(policy(minimal(root=f"{host.root}/alias/web", exec_readonly=True)))
    assert host.run("cell_web", "start").status == 0
    assert f" on {host.root}/cells/web type null" in host.mounts()[1]
    assert host.run("cell_web", "stop").status == 0
    assert host.mounts() == []


@pytest.mark.parametrize("target", ["/x/../../../etc", "/x/", "//x", "/."])
def test_targets_in_another_form_are_refused(host: Host, target: str) -> None:
    cell = minimal(root=_root(host), mounts=(Mount("ro", f"{host.root}/srv", target),))
    assert "is no directory, or lies behind a link" in _start(host, cell)


@pytest.mark.parametrize("name", ["a\nb", "a\tb"])
def test_paths_that_the_journal_cannot_hold_are_refused(host: Host, name: str) -> None:
    directories(host.root, (f"srv/{name}",))
    cell = minimal(root=_root(host), mounts=(Mount("ro", f"{host.root}/srv/{name}", "/x"),))
    assert "a tab or a newline" in _start(host, cell)


def test_a_source_inside_the_own_root_is_refused(host: Host) -> None:
    root = _root(host)
    directories(host.root, ("cells/web/tmp",))
    cell = minimal(root=root, exec_readonly=True, mounts=(Mount("rw", f"{root}/tmp", "/tmp"),))
    assert "lies in the cell's own root" in _start(host, cell)


def test_a_missing_source_is_named(host: Host) -> None:
    cell = minimal(root=_root(host), mounts=(Mount("ro", "/no/such", "/x"),))
    assert "there is no directory /no/such" in _start(host, cell)


def test_a_missing_root_is_not_made_up(host: Host) -> None:
    assert "there is no directory" in _start(host, minimal(root=f"{host.root}/cells/none"))
    assert not (host.root / "cells/none").exists()


def test_an_unknown_device_is_named(host: Host) -> None:
    cell = minimal(root=_root(host), devices=("null", "nosuchdevice"))
    assert "there is no device nosuchdevice" in _start(host, cell)


def test_what_is_mounted_already_is_not_mounted_again(host: Host) -> None:
    root = _root(host)
    directories(host.root, ("cells/web/x",))
    there = f"{host.root}/srv on {root}/x type null (local)"
    (host.state / "mounts").write_text(f"{there}\n")
    cell = minimal(root=root, mounts=(Mount("ro", f"{host.root}/srv", "/x"),))
    host.install(policy(cell))
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert "is mounted on" in result.stderr
    assert host.mounts() == [there]


def test_stop_does_not_take_away_what_was_mounted_on_top(host: Host) -> None:
    root = _root(host)
    host.install(policy(minimal(root=root, exec_readonly=True)))
    assert host.run("cell_web", "start").status == 0
    with (host.state / "mounts").open("a") as table:
        table.write(f"/dev/wd1a on {root} type ffs (local)\n")
    before = host.mounts()
    result = host.run("cell_web", "stop")
    assert result.status == 1
    assert "something else is mounted on" in result.stderr
    assert host.mounts() == before


def test_writable_mounts_are_executable_only_without_exec_readonly(host: Host) -> None:
    mounts = (Mount("rw", f"{host.root}/srv", "/x"),)
    host.install(policy(minimal(root=_root(host), mounts=mounts)))
    assert host.run("cell_web", "start").status == 0
    assert host.log("mount_null") == ["mount_null [-o] [nosuid,nodev] [/srv] [/cells/web/x]"]


def test_a_cell_does_not_start_under_another_policy(host: Host) -> None:
    host.install(policy(minimal()))
    (host.state / "sysctl/security.models.cellpolicy.hash").write_text("0" * 64 + "\n")
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert "does not enforce the installed policy" in result.stderr


def test_a_fingerprint_that_cannot_be_loaded_stops_the_start(host: Host) -> None:
    (host.state / "strict").touch()
    (host.state / "sysctl/kern.veriexec.strict").write_text("1\n")
    cell = minimal(root=_root(host), exec_hashes=(ExecHash("/bin/x", "0" * 64),))
    assert "kern.veriexec.strict is 1" in _start(host, cell)


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_hooks_that_others_may_write_are_not_run(host: Host, mode: int) -> None:
    hook = program(host.root / "hook", f"touch {host.state}/ran")
    Path(hook).chmod(mode)
    message = _start(host, minimal(hooks=(Hook("pre-start", (hook,)),)))
    assert "is not safe to run" in message
    assert not (host.state / "ran").exists()


def test_hooks_below_a_directory_that_others_may_write_are_not_run(host: Host) -> None:
    hook = program(host.root / "open/hook", f"touch {host.state}/ran")
    (host.root / "open").chmod(0o777)
    assert "is not safe to run" in _start(host, minimal(hooks=(Hook("pre-start", (hook,)),)))
    assert not (host.state / "ran").exists()


@pytest.mark.parametrize("name", ["cells/web/hook", "cells/web.overlay/etc/hook"])
def test_hooks_that_lie_in_the_cell_are_not_run(host: Host, name: str) -> None:
    root = _root(host)
    hook = program(host.root / name, f"touch {host.state}/ran")
    winding = f"{host.root}/srv/../{name}"
    assert "lies in the cell" in _start(
        host, minimal(root=root, hooks=(Hook("pre-start", (winding,)),))
    )
    assert Path(hook).exists()
    assert not (host.state / "ran").exists()
