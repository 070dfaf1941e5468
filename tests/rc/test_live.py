"""A whole cell for real: bind mounts for null mounts, the real cellexec, a real root."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.ir.ir import Mount, Service
from tests.rc.cells import minimal, policy
from tests.rc.support import Host, directories, eventually, program

#: What takes the place of a stub: it calls the stub for its list, and does the thing.
LIVE = {
    "mount_null": '''@LISTED@ "$@" && @mount@ --bind "$3" "$4" &&
        @mount@ -o "remount,bind,$2" "$4"''',
    "mount_tmpfs": '@LISTED@ "$@" && @mount@ -t tmpfs -o "$2,mode=$4,size=$6" "$7" "$8"',
    "umount": 'for target; do :; done; @umount@ "$target" && @LISTED@ "$@"',
    "pax": """shift 2
        for target; do :; done
        while [ $# -gt 1 ]; do cp -a "$1" "$target" || exit; shift; done""",
    "cellexec": '''[ "$1" != -k ] || exec pkill "-$2" -x state
        SHIM_SYSCTL=@ROOT@/state/nodes POSIXLY_CORRECT=1 ASAN_OPTIONS=detect_leaks=0
        export SHIM_SYSCTL POSIXLY_CORRECT ASAN_OPTIONS
        exec @PROGRAMS@/cellexec "$@"''',
}


def _may_mount() -> bool:
    if os.getuid() != 0 or shutil.which("unshare") is None or shutil.which("gcc") is None:
        return False
    probe = "mount -t tmpfs x /mnt && mount --bind /usr /mnt"
    return subprocess.run(["unshare", "-m", "sh", "-c", probe], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not _may_mount(), reason="only root mounts")


@pytest.fixture
def live(host: Host, programs: Path) -> Host:
    (host.root / "stubs/listed").mkdir()
    for name, text in LIVE.items():
        stub = host.root / "stubs" / name
        listed = stub.rename(host.root / "stubs/listed" / name)
        for word in ("mount", "umount"):
            text = text.replace(f"@{word}@", shutil.which(word) or word)
        text = text.replace("@LISTED@", str(listed)).replace("@ROOT@", str(host.root))
        program(stub, text.replace("@PROGRAMS@", str(programs)))
    directories(host.root, ("state/nodes", "srv/www", "srv/data", "base/bin"))
    (host.state / "nodes/cells").write_text("1 web enforcing 0 0\n")
    for name in ("etc", "var", "tmp", "dev", "usr"):
        (host.root / "base" / name).mkdir()
    (host.root / "base/tmp").chmod(0o1777)
    (host.root / "base/etc/passwd").write_text("root:*:0:0::/:/bin/sh\n")
    for place in ("base/bin", "srv/www", "srv/data", "base/tmp"):
        shutil.copy(programs / "state", host.root / place / "state")
    return host


def _powers(live: Host, asked: tuple[str, ...]) -> dict[str, str]:
    """Starts a cell, stops it when its service has ended, and returns what that could do.

    All this happens in a mount namespace; the number of mounts left in it goes to a file.
    """
    assert not (live.state / "syslog").read_text()
    script = f"{live.root}/etc/rc.d/cell_web"
    steps = (
        f"{script} start",
        f"while [ -e {live.run_dir}/web/pid ]; do /bin/sleep 0.05; done",
        f"{script} stop",
        f"grep -c {live.root} /proc/self/mountinfo >{live.state}/mounted || :",
    )
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-ec", "\n".join(steps)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr

    def lines() -> list[list[str]]:
        text = (live.state / "syslog").read_text().splitlines()
        return [line.split(" ")[3:] for line in text if "web: arg /" in line]

    assert eventually(lambda: len(lines()) == len(asked))
    found = {words[0]: " ".join(words[1:]) for words in lines()}
    (live.state / "syslog").write_text("")
    return found


def test_a_cell_on_a_base_writes_only_where_it_may(live: Host) -> None:
    asked = (
        "/bin/state", "/new", "/etc/new", "/tmp/state", "/var/new",
        "/var/www/state", "/var/data/state", "/dev/null", "/dev/zero", "/dev/tty",
    )  # fmt: skip
    cell = minimal(
        root=f"{live.root}/cells/web",
        base=f"{live.root}/base",
        exec_readonly=True,
        devices=("null", "zero"),
        mounts=(
            Mount("ro", f"{live.root}/srv/www", "/var/www"),
            Mount("rw", f"{live.root}/srv/data", "/var/data"),
        ),
        service=Service(("/bin/state", *asked), healthcheck=("/bin/state",)),
    )
    live.install(policy(cell))
    assert _powers(live, asked) == {
        "/bin/state": "exec",
        "/new": "",
        "/etc/new": "write",
        "/tmp/state": "write",
        "/var/new": "write",
        "/var/www/state": "exec",
        "/var/data/state": "write",
        "/dev/null": "device write",
        "/dev/zero": "device write",
        "/dev/tty": "write",
    }
    assert (live.state / "mounted").read_text() == "0\n"
    assert live.mounts() == []
    assert (live.root / "cells/web.overlay/etc/new").exists()
    assert not (live.root / "base/etc/new").exists()


def test_a_root_of_its_own_is_read_only_under_exec_readonly(live: Host) -> None:
    shutil.copytree(live.root / "base", live.root / "cells/web")
    asked = ("/bin/state", "/new", "/etc/new")
    cell = minimal(
        root=f"{live.root}/cells/web", exec_readonly=True, service=Service(("/bin/state", *asked))
    )
    live.install(policy(cell))
    assert _powers(live, asked) == {"/bin/state": "exec", "/new": "", "/etc/new": ""}
    assert (live.state / "mounted").read_text() == "0\n"
    live.install(policy(replace(cell, exec_readonly=False)))
    powers = _powers(live, asked)
    assert powers["/new"] == powers["/etc/new"] == "write"
