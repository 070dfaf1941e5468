"""Options and arguments that several commands take."""

from __future__ import annotations

import datetime
from pathlib import Path

from compiler.cli.declare import UnfitError, parameter


def _day(value: str | None) -> datetime.date:
    if value is None:
        return datetime.datetime.now(tz=datetime.UTC).date()
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise UnfitError(f"{value!r} is not a date; write YYYY-MM-DD") from None


today = parameter(
    "--today",
    read=_day,
    metavar="DATE",
    help="The day that @until is compared with, as YYYY-MM-DD (default: the clock's, in UTC).",
)
file = parameter("file", type=Path, required=True)
paths = parameter("paths", type=Path, many=True, required=True)
