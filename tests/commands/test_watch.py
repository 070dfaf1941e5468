"""`cellc check --watch` on real processes: it answers changes, and ends quietly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.conftest import WEB, Run

_CODE = "from compiler.cli.start import main; main()"


@pytest.fixture
def watching(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that watches the directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, "check", "--watch", ".", "--today", "2026-11-24"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def answer(process: subprocess.Popen[str]) -> str:
    """What is said up to the line that ends an answer."""
    assert process.stderr is not None
    said = ""
    while line := process.stderr.readline():
        if line.startswith("cellc: watching "):
            return said
        said += line
    raise AssertionError(f"it ended: {said}")


def put(path: Path, text: str) -> None:
    """Puts a file in place at once, so that nobody sees half of it."""
    new = path.with_name("new~")
    new.write_text(text)
    new.replace(path)


def test_every_change_is_answered(watching: subprocess.Popen[str], folder: Path) -> None:
    assert answer(watching) == ""
    put(folder / "web.cell", WEB.replace("profile confined", "profile confind", 1))
    assert "error[E0231]" in answer(watching)
    put(folder / "web.cell", WEB)
    assert answer(watching) == ""
    put(folder / "new.cell", "policy new; target netbsd 9.9;\n")
    assert "--> new.cell:1:" in answer(watching)
    put(folder / "cellc.toml", "lint")
    assert "cellc.toml" in answer(watching)
    (folder / "cellc.toml").unlink()
    (folder / "new.cell").unlink()
    while answer(watching):  # the two may have been two changes
        pass
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=60)
    assert (watching.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("words", [("--fix",), ("--baseline", "x", "--baseline-mode", "create")])
def test_watching_writes_nothing(cellc: Run, words: tuple[str, ...]) -> None:
    result = cellc("check", "--watch", ".", *words)
    assert result.exit_code == 2
    assert "--watch writes nothing" in result.stderr
