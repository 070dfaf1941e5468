"""The command line of `cellc check`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from compiler.cli.options import paths, today


@click.command()
@paths
@click.option("--format", type=click.Choice(["text", "json", "sarif"]), default="text",
              help="text on standard error, or json or sarif on standard output.")  # fmt: skip
@today
def command(paths: tuple[Path, ...], format: str, today: datetime.date) -> None:
    """Find mistakes in policies; nothing is written.

    PATHS are policy files, or directories in which every file with a `policy`
    line is checked.
    """
    from compiler.commands.check import check

    sys.exit(check(paths, today, format))  # type: ignore[arg-type]  # click checks the choice
