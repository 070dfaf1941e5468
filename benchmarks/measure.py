"""Runs commands in turn and tells what they took: processor time, memory, instructions."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_COLLECTED = re.compile(rb"Collected : (\d+)")


class CommandError(Exception):
    """A command that should have succeeded did not."""


@dataclass(frozen=True)
class Command:
    """What to run, and the directory it makes, which is put aside before the next run."""

    argv: tuple[str, ...]
    output: Path | None = None


@dataclass
class Samples:
    """What the runs of one command took."""

    cpu: list[float] = field(default_factory=list)
    """Seconds of user and system time, one for each round."""
    peak: int = 0
    """The largest resident set, in KiB."""
    instructions: int | None = None
    """As callgrind counts them, in user mode."""

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.cpu)

    def ratio(self, floor: Samples) -> float:
        """The median over the rounds of this command's time in times of the floor's."""
        return statistics.median(a / b for a, b in zip(self.cpu, floor.cpu, strict=True))


def interleaved(commands: Mapping[str, Command], rounds: int) -> dict[str, Samples]:
    """Every command once a round, so that all of them see the same load of the machine.

    The first round is not counted: it fills the caches.  Raises CommandError.
    """
    samples = {name: Samples() for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            cpu, peak = run(command)
            if number:
                samples[name].cpu.append(cpu)
                samples[name].peak = max(samples[name].peak, peak)
    return samples


def instructions(command: Command) -> int | None:
    """Instructions of one run, or None without valgrind(1)."""
    if shutil.which("valgrind") is None:
        return None
    _put_aside(command)
    callgrind = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run((*callgrind, *command.argv), capture_output=True, env=environment)
    found = _COLLECTED.search(done.stderr)
    return int(found[1]) if found and done.returncode == 0 else None


def _put_aside(command: Command) -> None:
    if command.output is not None and command.output.exists():
        # Removed, it would slow down the next run: ext4 is slow to use inodes again.
        command.output.rename(f"{command.output}-{time.monotonic_ns()}")


def run(command: Command) -> tuple[float, int]:
    """Seconds of processor time and KiB of one process with its children."""
    _put_aside(command)
    child = subprocess.Popen(
        command.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise CommandError(f"{' '.join(command.argv)}: exit status {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss
