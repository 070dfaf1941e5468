"""What scripts for cells have got wrong elsewhere: docs/rc-scripts.md, "What cannot happen"."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from backends.rc import BACKEND
from compiler.ir.ir import Hook, Mount, Service
from tests.rc.cells import full_cell, minimal, policy
from tests.rc.support import Host, directories, eventually, program


@pytest.mark.parametrize("which", ["health check", "hook"])
def test_a_failing_health_check_or_hook_undoes_the_start(host: Host, which: str) -> None:
    cell = full_cell(host.root, ("/bin/sleep", "1000"))
    service = cell.service
    assert service is not None
    if which == "hook":
        hook = program(host.root / "hooks/false", "exit 3")
        cell = replace(cell, hooks=(Hook("post-start", (hook,)),))
    else:
        cell = replace(cell, service=replace(service, healthcheck=("/bin/false",)))
    host.install(policy(cell))
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert f"{which} " in result.stderr
    assert host.mounts() == []
    assert eventually(lambda: not host.processes())
    assert not host.running()
    assert host.leftovers() == []


def test_a_service_may_take_some_time_to_get_well(host: Host) -> None:
    well = host.root / "well"
    check = program(host.root / "check", f"echo >>{well}; [ $(wc -l <{well}) -ge 4 ]")
    host.install(policy(minimal(service=Service(("/bin/sleep", "1000"), healthcheck=(check,)))))
    assert host.run("cell_web", "start").status == 0
    assert len(well.read_text()) == 4


def test_a_check_that_only_a_kill_ends_has_had_its_time(host: Host) -> None:
    """timeout(1) of NetBSD kills its own group of processes, and so itself."""
    calls = host.root / "calls"
    host.install(policy(minimal(service=Service(("/bin/sleep", "1000"), healthcheck=("/x",)))))
    program(host.root / "stubs/timeout", f"echo >>{calls}; kill -KILL $$")
    result = host.run("cell_web", "start")
    assert (result.status, "its health check ended with status 137" in result.stderr) == (1, True)
    assert len(calls.read_text()) == 1


def test_the_locale_of_whoever_starts_a_cell_does_not_matter(host: Host) -> None:
    host.environment = {"LANG": "de_DE.UTF-8"}
    host.install(policy(minimal(service=Service(("/bin/sleep", "1000")))))
    result = host.run("cell_web", "start")
    assert (result.status, result.stderr) == (0, "")
    assert host.run("cell_web", "stop").status == 0


@pytest.mark.parametrize("failures", [2, 3])
def test_a_list_of_cells_that_grows_while_it_is_read_is_read_again(
    host: Host, failures: int
) -> None:
    """sysctl(8) asks for its size first, and there is not room for it then."""
    host.install(policy(minimal()))
    real = host.root / "stubs/real/sysctl"
    real.parent.mkdir()
    real.hardlink_to(host.root / "stubs/sysctl")
    left = host.root / "left"
    left.write_text(f"{failures}\n")
    host.replace_stub(
        "sysctl",
        f"case $2 in *.cells) read -r left <{left} && echo $((left - 1)) >{left}\n"
        f'[ "$left" -le 0 ] || exit 1 ;; esac\nexec {real} "$@"',
    )
    result = host.run("cell_web", "start")
    assert (result.status == 0) == (failures < 3), result.stderr
    left.write_text("1\n")
    assert host.run("cellpolicy", "status").stdout.endswith("\n1 web enforcing 0 0\n")


def test_a_second_supervisor_is_never_started(host: Host) -> None:
    host.install(policy(minimal(service=Service(("/bin/sleep", "1000")))))
    assert host.run("cell_web", "start").status == 0
    assert eventually(host.processes)
    first = (host.run_dir / "web/pid").read_text()
    for name in ("pid", "up", "service", "journal"):
        (host.run_dir / "web" / name).unlink()
    (host.state / "hopeless").touch()
    result = host.run("cell_web", "start")
    (host.state / "hopeless").unlink()
    assert result.status == 1
    assert "its supervisor does not end" in result.stderr
    assert len(host.processes()) == 1
    os.kill(int(first), 15)
    assert eventually(lambda: not host.processes())
    assert host.run("cell_web", "start").status == 0


def test_a_start_after_the_service_has_ended_starts_it(host: Host) -> None:
    host.install(policy(minimal(service=Service(("/bin/true",)))))
    assert host.run("cell_web", "start").status == 0
    assert eventually(lambda: not host.running())
    assert host.run("cell_web", "start").status == 0
    assert eventually(lambda: not host.running())
    assert host.log("cellexec").count("cellexec [-s] [--] [web] [/bin/true]") == 2


def test_a_target_that_a_read_only_base_lacks_is_named(host: Host) -> None:
    directories(host.root, ("base", "srv", "cells/web"))
    (host.root / "cells/web/usr").write_text("what no directory can be made in\n")
    cell = minimal(
        root=f"{host.root}/cells/web",
        base=f"{host.root}/base",
        mounts=(Mount("ro", f"{host.root}/srv", "/usr/pkg"),),
    )
    host.install(policy(cell))
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert "cells/web/usr" in result.stderr
    assert host.mounts() == []


def test_names_are_strings_and_no_patterns(host: Host) -> None:
    cells = [minimal(name) for name in ("a1", "a01", "a1-", "a1-b")]
    host.install(policy(*(replace(cell, id=n) for n, cell in enumerate(cells, 1))))
    mine = host.state / "processes" / str(os.getpid())
    mine.parent.mkdir()
    mine.write_text("a01\n")
    for script, count in (("cell_a1", 0), ("cell_a01", 1), ("cell_a1_", 0), ("cell_a1_b", 0)):
        assert f"processes: {count}." in host.run(script, "status").stdout
    mine.unlink()


@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("with_base", [False, True])
def test_every_mount_has_the_flags_it_should(host: Host, readonly: bool, with_base: bool) -> None:
    cell = replace(
        full_cell(host.root, ("/bin/sleep", "1000")), exec_readonly=readonly, exec_hashes=()
    )
    root = f"{host.root}/cells/web"
    host.install(policy(cell if with_base else replace(cell, base=None)))
    assert host.run("cell_web", "start").status == 0
    for call in host.log("mount_null"):
        options, source, target = (word.strip("[]") for word in call.split(" ")[2:])
        flags = set(options.split(","))
        assert "nodev" in flags
        is_root = f"{host.root}{target}" == root or target.endswith("/run/cellpolicy/web/root")
        assert "nosuid" in flags or (is_root and "ro" in flags), call
        assert "ro" in flags or not readonly or {"noexec", "nosuid"} <= flags, call
        assert source


def test_a_file_is_copied_and_what_it_hid_comes_back(host: Host) -> None:
    directories(host.root, ("srv", "cells/web/etc"))
    source, target = host.root / "srv/hosts", host.root / "cells/web/etc/hosts"
    source.write_text("of the host\n")
    source.chmod(0o6644)
    target.write_text("of the cell\n")
    cell = minimal(
        root=f"{host.root}/cells/web",
        mounts=(
            Mount("ro", str(source), "/etc/hosts"),
            Mount("ro", str(source), "/new/hosts"),
        ),
    )
    host.install(policy(cell))
    for _ in range(2):
        assert host.run("cell_web", "start").status == 0
        assert target.read_text() == "of the host\n"
        assert target.stat().st_mode & 0o7777 == 0o444
        assert (host.root / "cells/web/new/hosts").read_text() == "of the host\n"
        assert host.run("cell_web", "stop").status == 0
        assert target.read_text() == "of the cell\n"
        assert not (host.root / "cells/web/new/hosts").exists()
        assert sorted(path.name for path in target.parent.iterdir()) == ["hosts"]
    assert source.read_text() == "of the host\n"


@pytest.mark.parametrize("place", ["etc/hosts", "etc", "etc/hosts.before-cell"])
def test_a_file_is_not_copied_through_a_link(host: Host, place: str) -> None:
    directories(host.root, ("srv", "cells/web", "outside"))
    (host.root / "srv/hosts").write_text("of the host\n")
    (host.root / "outside/hosts").write_text("untouched\n")
    link = host.root / "cells/web" / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(host.root / "outside" / ("" if place == "etc" else "hosts"))
    cell = minimal(
        root=f"{host.root}/cells/web",
        mounts=(Mount("ro", f"{host.root}/srv/hosts", "/etc/hosts"),),
    )
    host.install(policy(cell))
    assert host.run("cell_web", "start").status == 1
    assert (host.root / "outside/hosts").read_text() == "untouched\n"
    assert [path.name for path in (host.root / "outside").iterdir()] == ["hosts"]


def test_a_file_cannot_be_mounted_to_be_written(host: Host) -> None:
    directories(host.root, ("srv", "cells/web"))
    (host.root / "srv/hosts").touch()
    cell = minimal(
        root=f"{host.root}/cells/web",
        mounts=(Mount("rw", f"{host.root}/srv/hosts", "/etc/hosts"),),
    )
    host.install(policy(cell))
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert "its directory can be mounted rw" in result.stderr


def test_services_that_syslogd_must_hear_wait_for_it() -> None:
    files = {a.path: a.content.decode() for a in BACKEND.emit(policy(minimal()))}
    assert "REQUIRE: cellpolicy mountcritremote\n" in files["rc.d/cell_web"]
    served = policy(minimal(service=Service(("/bin/true",))))
    files = {a.path: a.content.decode() for a in BACKEND.emit(served)}
    assert "REQUIRE: cellpolicy mountcritremote syslogd\n" in files["rc.d/cell_web"]


def test_the_documentation_names_tests_that_exist() -> None:
    here = Path(__file__).parent
    table = (
        (here.parent.parent / "docs/rc-scripts.md").read_text().split("## What cannot happen")[1]
    )
    for line in table.split("## ")[0].splitlines()[6:]:
        if line.startswith("|"):
            for word in line.split("|")[3].split("`")[1::2]:
                if word.startswith("test_"):
                    assert (here / f"{word}.py").exists(), word
