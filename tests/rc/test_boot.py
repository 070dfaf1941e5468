"""Scripts as rc(8) runs them at boot and rc.shutdown(8) at the end: all from one shell."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.ir.ir import Service
from tests.rc.cells import full_cell, minimal, policy
from tests.rc.support import Host, eventually


@pytest.mark.parametrize("shell", ["dash", "bash --posix"])
def test_a_host_boots_and_shuts_down(tmp_path: Path, stubs: Path, shell: str) -> None:
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"{shell} is not installed")
    host = Host(tmp_path.resolve() / "host", stubs, shell)
    web = full_cell(host.root, ("/bin/sleep", "1000"))
    other = minimal("o-1", id=2, service=Service(("/bin/sleep", "1000")))
    off = minimal("off", id=3, service=Service(("/bin/sleep", "1000"), manual=True))
    host.install(policy(web, other, off), loaded=False)
    scripts = ("cellpolicy", "cell_web", "cell_o_1", "cell_off")
    booted = host.run_all("start", *scripts)
    assert (booted.status, booted.stderr) == (0, "")
    assert booted.stdout == "Loading cell policy.\nStarting cell web.\nStarting cell o-1.\n"
    assert eventually(lambda: len(host.processes()) == 2)
    assert [host.running(cell) for cell in ("web", "o-1", "off")] == [True, True, False]
    assert host.run("cell_web", "status").status == 0
    stopped = host.run_all("stop", *reversed(scripts))
    assert (stopped.status, stopped.stderr) == (0, "")
    assert host.processes() == []
    assert host.mounts() == []
    assert eventually(lambda: not host.stragglers())


def test_a_cell_that_does_not_start_keeps_no_other_from_starting(host: Host) -> None:
    bad = minimal("bad", service=Service(("/bin/false",), healthcheck=("/bin/false",)))
    good = minimal("good", id=2, service=Service(("/bin/sleep", "1000")))
    host.install(policy(bad, replace(good, id=2)))
    booted = host.run_all("start", "cell_bad", "cell_good")
    assert "bad: did not start" in booted.stderr
    assert host.running("good")
    assert host.leftovers("bad") == []
