"""cellexec(8) as a program of this host, against a fake of the kernel's sysctl nodes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.rc.fake_kernel import (
    CONFIRM,
    GROUP,
    LOAD,
    NO_POLICY,
    SIGNAL,
    USER,
    Kernel,
    as_root,
    needs_gcc,
)

PATH = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/pkg/sbin:/usr/pkg/bin"

pytestmark = needs_gcc


@as_root
def test_a_user_of_the_cell_runs_the_command(kernel: Kernel) -> None:
    lines = kernel.state(
        "-u", "www", "-l", "nofile=64", "-l", "core=0", "-e", "A=b c", "web", "state", "-x", "y z"
    )
    assert lines == [
        "uid 1080 1080 1080",
        "gid 1081 1081",
        "groups 1081 1090",
        "fds 0 1 2",
        "umask 022",
        "cwd /",
        "marker 0",
        "session 0",
        "signals 0",
        "nofile 64 64 core 0",
        f"env PATH={PATH}",
        "env HOME=/var/www",
        "env A=b c",
        "arg -x",
        "arg y z",
    ]


@as_root
def test_the_cell_is_entered_as_root_with_all_but_the_effective_user_set(kernel: Kernel) -> None:
    kernel.state("-u", "www", "-l", "nofile=64", "web", "state")
    assert kernel.log() == "id 7 ruid=1080 euid=0 gid=1081 nofile=64 groups=1081,1090\n"


@as_root
def test_nothing_is_inherited(kernel: Kernel) -> None:
    fd = os.open("/dev/null", os.O_RDONLY)
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    mask = os.umask(0)
    try:
        lines = kernel.state("web", "/bin/state", fds=(fd,), before=lambda: signal.alarm(3600))
    finally:
        os.umask(mask)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2})
        signal.signal(signal.SIGUSR1, before)
        os.close(fd)
    assert "fds 0 1 2" in lines
    assert "signals 0" in lines
    assert "umask 022" in lines
    assert [line for line in lines if line.startswith("env")] == [
        f"env PATH={PATH}",
        "env HOME=/root",
    ]


@as_root
@pytest.mark.parametrize(
    ("options", "uid", "gid", "groups"),
    [
        ((), 0, 0, "0"),
        (("-u", "root"), 0, 0, "0"),
        (("-u", "1080"), 1080, 1081, "1081 1090"),
        (("-u", "www", "-g", "ssl"), 1080, 1090, "1090"),
        (("-u", "www", "-g", "5"), 1080, 5, "5 1090"),
        (("-u", "4000", "-g", "www"), 4000, 1081, "1081"),
    ],
)
def test_users_and_groups(
    kernel: Kernel, options: Sequence[str], uid: int, gid: int, groups: str
) -> None:
    lines = kernel.state(*options, "web", "state")
    assert lines[:3] == [f"uid {uid} {uid} {uid}", f"gid {gid} {gid}", f"groups {groups}"]


@as_root
def test_a_session_of_its_own(kernel: Kernel) -> None:
    assert "session 1" in kernel.state("-s", "web", "state")


@as_root
def test_closed_standard_descriptors_do_not_become_files(kernel: Kernel) -> None:
    script = 'exec "$0" "$@" <&- 2>&-'
    done = subprocess.run(
        ["sh", "-c", script, str(kernel.program), "-c", str(kernel.root), "web", "state"],
        capture_output=True,
        text=True,
        env={"SHIM_SYSCTL": str(kernel.nodes), "POSIXLY_CORRECT": "1"},
    )
    assert "fds 0 1 2" in done.stdout.splitlines()


@as_root
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("state", 0),
        ("/bin/state", 0),
        ("plain", 126),
        ("/bin/plain", 126),
        ("/bin", 126),
        ("none", 127),
        ("/none", 127),
    ],
)
def test_probing_tells_what_running_would(kernel: Kernel, command: str, status: int) -> None:
    root = str(kernel.root)
    probed = kernel.run("-p", "-c", root, "-u", "www", "web", command)
    assert (probed.returncode, probed.stdout) == (status, "")
    assert kernel.run("-c", root, "-u", "www", "web", command).returncode == status


@as_root
def test_the_list_of_cells_may_grow_while_it_is_read(kernel: Kernel) -> None:
    cells = "".join(f"{n} cell-{n} enforcing 0 0\n" for n in range(8, 200))
    kernel.set(cells=f"{cells}7 web enforcing 0 0\n", cells_grows="")
    assert "uid 0 0 0" in kernel.state("web", "state")
    kernel.set(cells_denied="")
    assert kernel.run("web", "state").returncode == NO_POLICY


@as_root
def test_without_a_root_of_its_own(kernel: Kernel) -> None:
    done = kernel.run("-l", "core=unlimited", "web", "/bin/sh", "-c", "pwd")
    assert (done.returncode, done.stdout) == (0, "/\n")


@as_root
def test_without_tables_of_users(kernel: Kernel) -> None:
    for name in ("passwd", "group"):
        (kernel.root / "etc" / name).unlink()
    assert "groups 0" in kernel.state("web", "state")
    assert "groups 5" in kernel.state("-u", "4000", "-g", "5", "web", "state")
    (kernel.root / "etc/passwd").symlink_to("passwd")
    assert kernel.run("-c", str(kernel.root), "web", "state").returncode == USER


@as_root
def test_odd_lines_are_passed_over(kernel: Kernel) -> None:
    long = "x" * 100_000
    kernel.passwd("", ":::::::", long, f"{long}:*:1:1::/:/", "\0", "www:*:1080:1081:a:b:c:d:e")
    assert "uid 1080 1080 1080" in kernel.state("-u", "www", "web", "state")


@as_root
def test_many_cells_and_groups(kernel: Kernel) -> None:
    cells = "".join(f"{n} cell-{n} enforcing 0 0\n" for n in range(8, 9000))
    kernel.set(cells=cells + "7 web enforcing 0 0\n")
    kernel.group(*(f"g{n}:*:{n}:www" for n in range(2000, 2040)))
    assert "groups 1081 " + " ".join(map(str, range(2000, 2040))) in kernel.state(
        "-u", "www", "web", "state"
    )


@as_root
def test_named_groups_are_all_there_are(kernel: Kernel) -> None:
    kernel.group("mail:*:6:www", "certs:*:30:", "other:*:31:www")
    options = ("-u", "www", "-G", "certs", "-G", "6", "-G", "30", "-G", "1081")
    assert "groups 6 30 1081" in kernel.state(*options, "web", "state")
    assert (
        kernel.run("-c", str(kernel.root), "-u", "www", "-G", "none", "web", "x").returncode
        == GROUP
    )


@as_root
def test_loading_an_image_is_confirmed(kernel: Kernel, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(os.urandom(100_000))
    done = kernel.run("-f", str(image), "-H", "abc")
    assert (done.returncode, done.stderr) == (0, "")
    assert (kernel.nodes / "image").read_bytes() == image.read_bytes()
    other = kernel.run("-f", str(image), "-H", "abd")
    assert other.returncode == CONFIRM
    assert "the policy in force is abc, not abd" in other.stderr
    kernel.set(load_stuck="")
    stuck = kernel.run("-f", str(image))
    assert (stuck.returncode, "did not grow" in stuck.stderr) == (CONFIRM, True)
    kernel.set(load_errno="22")
    assert kernel.run("-f", str(image)).returncode == LOAD
    (kernel.nodes / "generation").unlink()
    assert kernel.run("-f", str(image)).returncode == NO_POLICY


@as_root
@pytest.mark.parametrize(("name", "number"), [("TERM", 15), ("KILL", 9), ("10", 10)])
def test_signals_go_to_the_kernel(kernel: Kernel, name: str, number: int) -> None:
    assert kernel.run("-k", name, "web").returncode == 0
    assert kernel.log() == f"signal 7 {number}\n"
    kernel.set(signal_errno="1")
    assert kernel.run("-k", name, "web").returncode == SIGNAL
