"""Runs a driver: a list of commands in, an answer for each out (see `shim/driver.c`)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path


def run(driver: Path, commands: Iterable[str]) -> list[str]:
    """The answers of a driver that starts afresh; the lines of `log` are joined by newlines.

    A failed assertion of the fake kernel or a finding of a sanitizer fails the test.
    """
    asked = list(commands)
    done = subprocess.run(
        [driver], input="".join(f"{line}\n" for line in asked), capture_output=True, text=True
    )
    said = iter(done.stdout.splitlines())
    answers: list[str] = []
    for line in asked:
        answer = next(said, "")
        if line == "log" and answer:
            answer = "\n".join(next(said) for _ in range(int(answer)))
        answers.append(answer)
    last = answers.index("") if "" in answers else len(asked)
    assert done.returncode == 0, f"at {asked[max(0, last - 2) : last + 1]}: {done.stderr[-4000:]}"
    return answers


def session(driver: Path, *commands: str) -> list[str]:
    """The answers after loading the module."""
    return run(driver, ["init", *commands])[1:]
