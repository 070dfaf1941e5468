"""The command line of `cellc query`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from compiler.cli.options import file, today


@click.command()
@file
@click.argument("pattern", required=False)
@click.option("--effect", "effects", type=click.Choice(["deny", "allow", "grant"]), multiple=True,
              help="Only requests with this decision (repeatable).")  # fmt: skip
@click.option("--outcome", "outcomes", type=click.Choice(["works", "refused", "depends"]),
              multiple=True, help="Only requests that come to this end (repeatable).")  # fmt: skip
@click.option("--exposure", is_flag=True,
              help="Rank cells by what a compromise of each could reach (no PATTERN).")  # fmt: skip
@click.option("--format", type=click.Choice(["text", "json", "csv"]), default="text",
              help="json prints one object a line, csv a header and a line each.")  # fmt: skip
@today
def command(
    file: Path,
    pattern: str | None,
    effects: tuple[str, ...],
    outcomes: tuple[str, ...],
    exposure: bool,
    format: str,
    today: datetime.date,
) -> None:
    """List what FILE decides on every request that PATTERN matches.

    A pattern is a request that may leave things open, or name groups and sets.

    \b
    "any network.bind port ..1023" --effect allow    who may bind below 1024
    "web * to db"                                    what web may do to db
    "any process.{ptrace, signal} to {db, host}"     who may touch these
    "web *" --outcome works                          all that works for web
    "web ~> db"                                      how web can influence db
    """
    from compiler.commands import query

    if exposure:
        if pattern is not None or effects or outcomes:
            raise click.UsageError("--exposure is about whole cells; it takes no PATTERN")
        sys.exit(query.exposure(file, today, format))  # type: ignore[arg-type]  # click checks
    if pattern is None:
        raise click.UsageError("give a PATTERN, such as 'any network.bind', or --exposure")
    sys.exit(query.query(file, pattern, today, effects, outcomes, format))  # type: ignore[arg-type]
