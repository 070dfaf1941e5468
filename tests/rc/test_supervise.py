"""The supervisor: restarts, backoff, log, and the end of a service."""

from __future__ import annotations

import fcntl
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.ir.ir import Log, Restart, Service
from tests.rc.cells import minimal, policy
from tests.rc.support import Host, eventually, program


def _service(host: Host, text: str, restart: Restart | None = None, log: Log | None = None) -> None:
    command = program(host.root / "service", text)
    cell = minimal(service=Service((command,), restart=restart, log=log))
    host.install(policy(cell))


def _runs(host: Host) -> int:
    path = host.state / "runs"
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.mark.parametrize(
    ("mode", "status", "again"),
    [
        ("never", 1, False),
        ("on-failure", 0, False),
        ("on-failure", 3, True),
        ("always", 0, True),
    ],
)
def test_restart_modes(host: Host, mode: str, status: int, again: bool) -> None:
    text = f"echo run >>{host.state}/runs\nexit {status}"
    _service(host, text, Restart(mode, 10, 20))  # type: ignore[arg-type]
    assert host.run("cell_web", "start").status == 0
    if again:
        assert eventually(lambda: _runs(host) >= 4)
    else:
        assert eventually(lambda: _runs(host) == 1 and not host.running())
    host.run("cell_web", "stop")
    assert not host.running()


def test_backoff_doubles_up_to_its_maximum(host: Host) -> None:
    _service(host, "exit 1", Restart("always", 1000, 7000))
    host.run("cell_web", "start")
    assert eventually(lambda: (host.state / "syslog").read_text().count("again in") >= 5)
    host.run("cell_web", "stop")
    waits = [
        line.split("again in ")[1]
        for line in (host.state / "syslog").read_text().splitlines()
        if "again in" in line
    ]
    assert waits[:5] == ["1000 ms", "2000 ms", "4000 ms", "7000 ms", "7000 ms"]


def test_output_and_errors_go_to_the_log_of_the_policy(host: Host) -> None:
    text = 'echo "to out"\necho "to err" >&2\nexec sleep 1000'
    _service(host, text, log=Log("local3", "my-tag", "debug", "warning"))
    host.run("cell_web", "start")
    syslog = host.state / "syslog"
    assert eventually(lambda: len(syslog.read_text().splitlines()) == 2)
    host.run("cell_web", "stop")
    assert sorted(syslog.read_text().splitlines()) == [
        "local3.debug my-tag: to out",
        "local3.warning my-tag: to err",
    ]


def test_without_log_and_restart_there_are_defaults(host: Host) -> None:
    _service(host, "echo hello; exit 1")
    host.run("cell_web", "start")
    assert eventually(lambda: "daemon.notice web: hello" in (host.state / "syslog").read_text())
    assert eventually(lambda: not host.running())


def test_stop_sends_term_first(host: Host) -> None:
    note = host.state / "note"
    _service(host, f"trap 'echo term >{note}; exit 0' TERM\nwhile :; do sleep 0.05; done")
    host.run("cell_web", "start")
    assert eventually(host.processes)
    assert host.run("cell_web", "stop").status == 0
    assert note.read_text() == "term\n"
    assert host.log("cellexec")[-1].startswith("cellexec [-s]"), "no sweep was needed"


def test_stop_kills_what_ignores_term(host: Host) -> None:
    _service(host, "trap '' TERM\nwhile :; do sleep 0.05; done", Restart("always", 10, 20))
    host.run("cell_web", "start")
    assert eventually(host.processes)
    assert host.run("cell_web", "stop").status == 0
    assert host.processes() == []
    assert not host.running()
    assert not [call for call in host.log("cellexec") if "[-k]" in call], "the supervisor did it"


def test_stop_ends_what_left_the_session_of_the_service(host: Host) -> None:
    detached = program(
        host.root / "detached",
        f": >{host.state}/processes/$$\ntrap '' TERM\nwhile :; do sleep 0.05; done",
    )
    _service(host, f"setsid {detached} </dev/null >/dev/null 2>&1 &\nexec sleep 1000")
    host.run("cell_web", "start")
    assert eventually(lambda: len(host.processes()) == 2)
    host.log()
    assert host.run("cell_web", "stop").status == 0
    assert host.processes() == []
    assert host.log("cellexec")[:2] == ["cellexec [-k] [TERM] [web]", "cellexec [-k] [KILL] [web]"]


def test_a_stop_that_cannot_end_the_processes_keeps_the_mounts(host: Host) -> None:
    root = host.root / "cells/web"
    root.mkdir()
    command = program(host.root / "service", "exec sleep 1000")
    cell = minimal(root=str(root), exec_readonly=True, service=Service((command,)))
    host.install(policy(cell))
    host.run("cell_web", "start")
    assert eventually(host.processes)
    (host.state / f"processes/{os.getpid()}").touch()
    for name in ("hopeless", "immortal"):
        (host.state / name).touch()
    result = host.run("cell_web", "stop")
    assert result.status == 1
    assert "1 processes do not end; its mounts stay" in result.stderr
    assert len(host.mounts()) == 2
    for name in ("hopeless", "immortal", f"processes/{os.getpid()}"):
        (host.state / name).unlink()
    assert host.run("cell_web", "stop").status == 0
    assert host.mounts() == []


def test_the_supervisor_inherits_nothing(host: Host) -> None:
    _service(host, "exec sleep 1000")
    host.run("cell_web", "start")
    assert eventually(host.processes)
    pid = int((host.run_dir / "web/pid").read_text())
    names = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    assert {names[fd] for fd in "012"} == {"/dev/null"}
    assert not [name for name in names.values() if name.endswith("/inherited")]
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert [entry.split(b"=")[0] for entry in environment if entry] == [b"PATH"]


def test_a_stale_pid_file_harms_nobody(host: Host) -> None:
    _service(host, "exec sleep 1000")
    (host.run_dir / "web").mkdir(parents=True)
    (host.run_dir / "web/pid").write_text(f"{os.getpid()}\n")
    caught: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: caught.append(number))
    try:
        assert host.run("cell_web", "stop").status == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught == []
    assert host.leftovers() == []


def test_a_supervisor_that_cannot_start_undoes_the_start(host: Host) -> None:
    _service(host, "exec sleep 1000")
    supervise = host.root / "libexec/cellpolicy/supervise"
    supervise.write_text("#!/bin/sh\nexit 1\n")
    result = host.run("cell_web", "start")
    assert result.status == 1
    assert "the supervisor did not start" in result.stderr
    assert host.leftovers() == []


def test_two_verbs_at_once_do_not_mix(host: Host) -> None:
    cell = replace(minimal(), service=None)
    host.install(policy(cell))
    (host.run_dir / "web").mkdir(parents=True)
    (host.state / "hopeless").touch()
    with (host.run_dir / "web/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = host.run("cell_web", "start")
    assert result.status == 1
    assert "is being started or stopped by another process" in result.stderr
    assert host.run("cell_web", "start").status == 0
