"""Options and arguments that several commands take."""

from __future__ import annotations

import datetime
from pathlib import Path

import click


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime.date:
    if value is None:
        return datetime.datetime.now(tz=datetime.UTC).date()
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date; write YYYY-MM-DD") from None


today = click.option(
    "--today",
    callback=_day,
    metavar="DATE",
    help="The day that @until is compared with, as YYYY-MM-DD (default: the clock's, in UTC).",
)
file = click.argument("file", type=click.Path(path_type=Path))
paths = click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True)
