"""Processes of this host, from proc(5)."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def everybody() -> list[int]:
    """The pids of all processes."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid: int) -> list[bytes]:
    """Fields of proc(5) stat, from the third one on; none for a zombie."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return []
    try:
        fields = os.read(fd, 2000).rsplit(b")", 1)[1].split()
    except OSError:
        return []
    finally:
        os.close(fd)
    return [] if fields[0] in (b"Z", b"X") else fields


def alive(pid: int) -> bool:
    return bool(_stat(pid))


def session(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[3]) if fields else None


def started(pid: int) -> int | None:
    """When a process started, in clock ticks after boot."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def await_end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Waits for a process to end; Popen.wait() with a limit would sleep in between."""
    fd = os.pidfd_open(process.pid)
    try:
        ended = select.poll()
        ended.register(fd, select.POLLIN)
        if not ended.poll(seconds * 1000):
            group = [pid for pid in everybody() if session(pid) == process.pid]
            commands = [command(pid) for pid in group]
            os.killpg(process.pid, signal.SIGKILL)
            raise TimeoutError(f"{process.args!r} does not end: {commands}")
    finally:
        os.close(fd)
