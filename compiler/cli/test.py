"""The command line of `cellc test`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from compiler.cli.options import paths, today


@click.command()
@paths
@click.option("--format", type=click.Choice(["text", "json"]), default="text",
              help="A line per test as text, or as JSON.")  # fmt: skip
@today
def command(paths: tuple[Path, ...], format: str, today: datetime.date) -> None:
    """Run the `test` and `assert` statements of policies."""
    from compiler.commands.test import test

    sys.exit(test(paths, today, format))  # type: ignore[arg-type]  # click checks the choice
