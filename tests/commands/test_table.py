"""The table of commands, as `cellc --help` shows it, says what the modules say."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import compiler.cli
from compiler.cli.commands import COMMANDS
from compiler.cli.main import main

#: Modules of the command line that are no commands.
OTHERS = {"__init__", "commands", "declare", "main", "options", "plain", "start"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_first_line_of_the_help(name: str) -> None:
    assert isinstance(main, click.Group)
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help is not None
    assert command.help.splitlines()[0] == COMMANDS[name]


def test_every_module_that_declares_a_command_line_is_a_command() -> None:
    names = {path.stem for path in Path(*compiler.cli.__path__).glob("*.py")}
    assert names - OTHERS == set(COMMANDS)
