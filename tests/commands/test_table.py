"""The table of commands, as `cellc --help` shows it, says what the modules say."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import compiler.cli.main as cli
from compiler.cli.main import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_first_line_of_the_help(name: str) -> None:
    command = import_module(f"compiler.cli.{name}").command
    assert command.help.splitlines()[0] == COMMANDS[name]


def test_every_module_that_reads_a_command_line_is_a_command() -> None:
    folder = Path(cli.__file__).parent
    names = {path.stem for path in folder.glob("*.py")} - {"__init__", "main", "options", "start"}
    assert names == set(COMMANDS)
