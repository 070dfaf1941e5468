"""The command line of `cellc test`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli.declare import Range, UsageError, parameter, takes
from compiler.cli.options import paths, today

if TYPE_CHECKING:
    from compiler.commands.test_report import ReportFormat


@takes(
    paths,
    parameter(
        "--coverage",
        flag=True,
        help="Tell how many classes of requests tests and assertions ask about.",
    ),
    parameter(
        "--mutate", flag=True, help="Change every rule in turn; tell which changes nobody notices."
    ),
    parameter(
        "--fail-under",
        type=Range(float, 0, 100),
        metavar="PERCENT",
        help="Fail when --coverage or --mutate comes to less.",
    ),
    parameter(
        "--format",
        type=("text", "json", "junit"),
        default="text",
        help="A line per test as text or as JSON, or JUnit XML.",
    ),
    today,
)
def command(
    paths: tuple[Path, ...],
    coverage: bool,
    mutate: bool,
    fail_under: float | None,
    format: ReportFormat,
    today: datetime.date,
) -> None:
    """Run the `test` and `assert` statements of policies.

    PATHS are policy files, or directories in which every file with a `policy`
    line is tested.  --mutate ends with the tests that are missing, ready to paste.
    The exit status is 1 when a test or an assertion fails, a policy has errors, or a
    measure comes to less than --fail-under.
    """
    from compiler.commands.test import Measures, test

    if fail_under is not None and not coverage and not mutate:
        raise UsageError("--fail-under needs --coverage or --mutate")
    measures = Measures(coverage, mutate, fail_under)
    sys.exit(test(paths, today, format, measures))
