"""The cases: folders with a policy that has a mistake, and with what is said about it.

    policy.cell     the policy, and good.cell nearly the same without the mistake
    expected.txt    standard error, to the letter
    cmd             arguments of cellc, unless they are those of COMMAND; good-cmd are
                    those of the good run where the mistake is in them
    also            other codes that the case has, because no policy has one without
                    the other
    setup           commands of sh(1) for what a repository cannot hold

Every file good.X takes the place of policy.X for the good run, which may use good-X too.
A folder is named by the code that it is about; those named `many-` have several mistakes.
"""

from __future__ import annotations

import gc
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from click.testing import CliRunner

from compiler.cli.main import main

HERE = Path(__file__).parent
COMMAND = "check policy.cell --today 2026-11-24"
#: Rules of lint have cases of their own, made from their pages.
ONLY_ERRORS = '[lint]\nignore = ["ALL"]\n'
#: Files of a folder that are not part of the policy.
OURS = ("expected.txt", "cmd", "good-cmd", "also", "setup")

_FINDING = re.compile(r"^(?:error|warning|note)\[(\w+)\]: ", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One folder."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def code(self) -> str:
        return self.name.partition("-")[0]

    @cached_property
    def command(self) -> str:
        """The arguments of cellc."""
        return self._read("cmd") or COMMAND

    @cached_property
    def good_command(self) -> str:
        return self._read("good-cmd") or self.command

    @cached_property
    def also(self) -> frozenset[str]:
        return frozenset(self._read("also").split())

    @property
    def setup(self) -> str:
        return self._read("setup")

    @property
    def expected(self) -> Path:
        return self.path / "expected.txt"

    @property
    def policies(self) -> list[Path]:
        """The files that a reader of the case sees, the root file last."""
        files = [p for p in self.path.rglob("*") if p.is_file() and p.name not in OURS]
        shown = [p for p in files if not p.name.startswith("good")]
        return sorted(shown, key=lambda p: (p.name == "policy.cell", p))

    def _read(self, name: str) -> str:
        path = self.path / name
        return path.read_text().strip() if path.exists() else ""


@dataclass(frozen=True)
class Run:
    """What came of one."""

    status: int
    stderr: str

    @property
    def codes(self) -> set[str]:
        return set(_FINDING.findall(self.stderr))


def folders() -> list[Case]:
    """All cases, by name; a new one has no expected.txt yet."""
    return [Case(path.parent) for path in sorted(HERE.glob("*/policy.cell"))]


def run(case: Case, tmp: Path, monkeypatch: pytest.MonkeyPatch, good: bool = False) -> Run:
    """Runs a case in a copy of its folder, which is a policy root of its own."""
    folder = tmp / "case"
    shutil.copytree(case.path, folder)
    configuration = folder / "cellc.toml"
    if not configuration.exists():
        configuration.write_text(ONLY_ERRORS)
    if good:
        for path in folder.glob("good.*"):
            path.rename(folder / path.name.replace("good.", "policy.", 1))
    if (folder / "setup").exists():
        subprocess.run(["sh", "setup"], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(main, shlex.split(case.good_command if good else case.command))
    gc.enable()  # the command turns it off for its process
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stderr.replace(f"{os.path.realpath(folder)}/", ""))
