"""Whatever fails or is killed, at any step of any verb: nothing leaks, and the next start works.

By default a few steps of each are tried; `--exhaustive` tries all of them.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from compiler.ir.ir import IR, Mount, Service
from tests.rc.support import Host, directories, eventually, full_cell, minimal, policy

SHELLS = ("dash", "bash --posix", "busybox ash", "mksh")
VERBS = ("start", "stop", "restart", "upgrade", "reboot")


@dataclass(frozen=True)
class Farm:
    """A host with a cell that is put to the test, and another one that must not notice."""

    host: Host
    shell: str
    ir: IR
    foreign: tuple[str, ...]

    def others(self) -> list[str]:
        """The mounts that are none of the cell's."""
        mine = f" on {self.host.root}/cells/web"
        return [
            line
            for line in self.host.mounts()
            if " type ffs " in line or not (f"{mine} " in line or f"{mine}/" in line)
        ]

    def pid(self, cell: str) -> int:
        return int((self.host.run_dir / cell / "pid").read_text())


def _farm(root: Path, shell: str) -> Farm:
    host = Host(root, shell)
    directories(root, ("cells/web2/data", "cells/web/root.bak"))
    (root / "srv").mkdir()
    (root / "srv/hosts").write_text("127.0.0.1 localhost\n")
    web = full_cell(root, ("/bin/sleep", "1000"))
    web = replace(
        web,
        mounts=(*web.mounts, Mount("ro", f"{root}/srv/hosts", "/etc/hosts")),
        exec_hashes=(),
    )
    (root / "cells/web/etc/hosts").write_text("of the cell\n")
    web2 = minimal(
        "web2",
        root=f"{root}/cells/web2",
        exec_readonly=True,
        service=Service(("/bin/sleep", "1000")),
    )
    ir = policy(web, replace(web2, id=2))
    host.install(ir)
    foreign = (
        f"/dev/wd0g on {root}/cells/web type ffs (local)",
        f"/dev/wd0h on {root}/cells/web.bak type ffs (local)",
        f"/dev/wd0i on {root}/cells/web/root.bak type ffs (local)",
    )
    (host.state / "mounts").write_text("".join(f"{line}\n" for line in foreign))
    assert host.run("cell_web2", "start").status == 0
    return Farm(host, shell, ir, tuple(host.mounts()))


def _by_default(request: pytest.FixtureRequest) -> bool:
    """Whether a test is run without `--exhaustive`.

    In dash; but the other shells go through a restart, which is a stop and a start, and TERM.
    """
    what = request.node.callspec.params
    if request.param != "dash":
        return what.get("number") == signal.SIGTERM or (
            what.get("verb") == "restart" and "how" not in what
        )
    return what.get("verb") in (
        ("start", "stop") if "how" in what else (None, "start", "stop", "reboot")
    )


@pytest.fixture(params=SHELLS, ids=[shell.split()[0] for shell in SHELLS])
def farm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Farm]:
    if shutil.which(request.param.split()[0]) is None:
        pytest.skip(f"{request.param} is not installed")
    if not (request.config.getoption("--exhaustive") or _by_default(request)):
        pytest.skip("tried with --exhaustive")
    made = _farm(tmp_path.resolve() / "host", request.param)
    yield made
    made.host.close()


def _prepare(farm: Farm, verb: str) -> None:
    """The state that a verb starts from."""
    if verb in ("stop", "restart", "upgrade"):
        result = farm.host.run("cell_web", "start")
        assert result.status == 0, result.stderr
    if verb == "upgrade":
        farm.host.install(farm.ir)
    if verb == "reboot":
        assert farm.host.run("cell_web", "start").status == 0
        _crash_the_host(farm)
    farm.host.log()


def _crash_the_host(farm: Farm) -> None:
    """The power fails: processes and mounts are gone, files stay, even /var/run."""
    host = farm.host
    for pid in [*host.processes(), farm.pid("web"), farm.pid("web2")]:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not host.processes())
    foreign = [line for line in host.mounts() if line.startswith("/dev/wd0")]
    (host.state / "mounts").write_text("".join(f"{line}\n" for line in foreign))
    assert host.run("cell_web2", "start").status == 0


def _run(farm: Farm, verb: str) -> int:
    return farm.host.run(
        "cell_web", {"upgrade": "restart", "reboot": "start"}.get(verb, verb)
    ).status


def _is_up(farm: Farm) -> None:
    host = farm.host
    status = host.run("cell_web", "status")
    assert status.status == 0, status.stdout
    assert len(host.mounts()) == len(farm.foreign) + 8
    assert farm.others() == list(farm.foreign)
    assert eventually(lambda: len(host.processes()) == 2)
    assert (host.root / "cells/web/etc/hosts").read_text() == "127.0.0.1 localhost\n"


def _is_down(farm: Farm) -> None:
    host = farm.host
    assert host.mounts() == list(farm.foreign)
    assert eventually(lambda: len(host.processes()) == 1)
    assert not host.running()
    assert host.leftovers() == []
    assert host.running("web2")
    assert (host.root / "cells/web/etc/hosts").read_text() == "of the cell\n"


def _recovers(farm: Farm) -> None:
    """A start works now, and a stop leaves nothing."""
    result = farm.host.run("cell_web", "start")
    assert result.status == 0 or "is up already" in result.stderr, result.stderr
    _is_up(farm)
    result = farm.host.run("cell_web", "stop")
    assert result.status == 0, result.stderr
    _is_down(farm)


def _steps(request: pytest.FixtureRequest, total: int) -> range:
    """All numbers from 1 to `total`, or two of them, other ones for each test."""
    if request.config.getoption("--exhaustive"):
        return range(1, total + 1)
    stride = total // 2
    first = 1 + sum(map(ord, request.node.name)) % stride
    return range(first, total + 1, stride)


@pytest.mark.parametrize("verb", VERBS)
def test_killed_before_any_command(farm: Farm, verb: str, request: pytest.FixtureRequest) -> None:
    _prepare(farm, verb)
    farm.host.kill_at(100_000)
    assert _run(farm, verb) == 0
    total = 100_000 - farm.host.steps_left()
    assert total > 100
    _recovers(farm)
    for command in _steps(request, total):
        _prepare(farm, verb)
        farm.host.kill_at(command)
        status = _run(farm, verb)
        assert (status == -signal.SIGKILL) == (farm.host.steps_left() <= 0)
        _recovers(farm)


@pytest.mark.parametrize("how", ["fail", "late"])
@pytest.mark.parametrize("verb", VERBS)
def test_any_program_fails_or_outlives_the_script(
    farm: Farm, verb: str, how: str, request: pytest.FixtureRequest
) -> None:
    _prepare(farm, verb)
    farm.host.log()
    assert _run(farm, verb) == 0
    total = len(farm.host.log())
    assert total > 10
    _recovers(farm)
    for call in _steps(request, total):
        _prepare(farm, verb)
        farm.host.fail(call, how)
        status = _run(farm, verb)
        failed = farm.host.failed()
        if how == "fail" and verb == "start" and status != 0:
            assert failed is not None, "the start failed by itself: is the machine too busy?"
            _is_down(farm)
        _recovers(farm)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_start_is_undone_at_once(farm: Farm, number: signal.Signals) -> None:
    host = farm.host
    hook = host.root / "hooks/note"
    whole = hook.read_text()
    hook.write_text(
        f'{whole}[ "$1" != pre-start ] || kill -{number.value} "$(cat {host.state}/script)"\n'
    )
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert "the start was interrupted" in result.stderr
    _is_down(farm)
    hook.write_text(whole)
    _recovers(farm)


def test_a_killed_supervisor_leaves_what_stop_ends(farm: Farm) -> None:
    assert farm.host.run("cell_web", "start").status == 0
    _is_up(farm)
    os.kill(farm.pid("web"), signal.SIGKILL)
    assert eventually(lambda: farm.host.run("cell_web", "status").status == 1)
    assert farm.host.run("cell_web", "stop").status == 0
    _is_down(farm)


def test_a_sysctl_that_fails_is_no_proof_that_nothing_runs(farm: Farm) -> None:
    host = farm.host
    assert host.run("cell_web", "start").status == 0
    _is_up(farm)
    os.kill(farm.pid("web"), signal.SIGKILL)
    stub = host.root / "stubs/sysctl"
    whole = stub.read_text()
    stub.write_text("#!/bin/sh\nexit 1\n")
    before = host.mounts()
    result = host.run("cell_web", "stop")
    assert result.status == 1
    assert "unknown processes do not end" in result.stderr
    assert host.mounts() == before
    stub.write_text(whole)
    assert host.run("cell_web", "stop").status == 0
    _is_down(farm)
