"""The command line of `cellc query`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from compiler.cli.options import file, today


@click.command()
@file
@click.argument("pattern")
@click.option("--effect", "effects", type=click.Choice(["deny", "allow", "grant"]), multiple=True,
              help="Only requests with this decision (repeatable).")  # fmt: skip
@click.option("--format", type=click.Choice(["text", "json"]), default="text",
              help="json prints one object a line.")  # fmt: skip
@today
def command(
    file: Path, pattern: str, effects: tuple[str, ...], format: str, today: datetime.date
) -> None:
    """List what FILE decides on every request that PATTERN matches.

    A pattern is a request that may leave things open, or name groups and sets:
    "any process.* to db", "web network.bind tcp".
    """
    from compiler.commands.query import query

    sys.exit(query(file, pattern, today, effects, format))  # type: ignore[arg-type]  # click checks
