"""The command line of `cellc report`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from compiler.cli.build import DEFAULT
from compiler.cli.declare import parameter, takes
from compiler.cli.options import file, today


@takes(
    file,
    parameter(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="The directory to make or replace.",
    ),
    parameter(
        "--backend",
        "backends",
        type=DEFAULT,
        many=True,
        help="What the policy is built with, for what is enforced (repeatable; default: all).",
    ),
    today,
)
def command(file: Path, output: Path, backends: tuple[str, ...], today: datetime.date) -> None:
    """Make a page with the cells of FILE, their powers and their relations.

    DIR/index.html needs no network and no other file.  It shows what each cell may do
    and by which rule, who can reach whom, ports, mounts, limits and services, settings
    of the host, assertions and tests, what is not enforced as it says, findings, and the
    sources.  The same policy gives the same bytes.

    Assertions and tests that fail are on the page, and make the exit status 1.
    """
    from compiler.commands.report import report

    sys.exit(report(file, output, backends or DEFAULT, today))
