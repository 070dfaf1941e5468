"""The command line of `cellc query`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli.declare import UsageError, parameter, takes
from compiler.cli.options import file, today

if TYPE_CHECKING:
    from compiler.commands.query_rows import TableFormat


@takes(
    file,
    parameter("pattern"),
    parameter(
        "--effect",
        "effects",
        type=("deny", "allow", "grant"),
        many=True,
        help="Only requests with this decision (repeatable).",
    ),
    parameter(
        "--outcome",
        "outcomes",
        type=("works", "refused", "depends"),
        many=True,
        help="Only requests that come to this end (repeatable).",
    ),
    parameter(
        "--exposure",
        flag=True,
        help="Rank cells by what a compromise of each could reach (no PATTERN).",
    ),
    parameter(
        "--format",
        type=("text", "json", "csv"),
        default="text",
        help="json prints one object a line, csv a header and a line each.",
    ),
    today,
)
def command(
    file: Path,
    pattern: str | None,
    effects: tuple[str, ...],
    outcomes: tuple[str, ...],
    exposure: bool,
    format: TableFormat,
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

    If assertions are all that is wrong with FILE, there is an answer, and the exit status
    is 1.  It is 2 for a pattern that is none.
    """
    from compiler.commands import query

    if exposure:
        if pattern is not None or effects or outcomes:
            raise UsageError(
                "--exposure is about whole cells; it takes no PATTERN, --effect or --outcome"
            )
        sys.exit(query.exposure(file, today, format))
    if pattern is None:
        raise UsageError("give a PATTERN, such as 'any network.bind', or --exposure")
    if "~>" in pattern and (effects or outcomes):
        raise UsageError("--effect and --outcome are about requests; `~>` asks for influence")
    sys.exit(query.query(file, pattern, today, effects, outcomes, format))
