"""The command line of `cellc test`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from compiler.cli.options import paths, today


@click.command()
@paths
@click.option("--coverage", is_flag=True,
              help="Tell how many classes of requests tests and assertions ask about.")  # fmt: skip
@click.option("--mutate", is_flag=True,
              help="Change every rule in turn; tell which changes nobody notices.")  # fmt: skip
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT",
              help="Fail when --coverage or --mutate comes to less.")  # fmt: skip
@click.option("--format", type=click.Choice(["text", "json", "junit"]), default="text",
              help="A line per test as text or as JSON, or JUnit XML.")  # fmt: skip
@today
def command(
    paths: tuple[Path, ...],
    coverage: bool,
    mutate: bool,
    fail_under: float | None,
    format: str,
    today: datetime.date,
) -> None:
    """Run the `test` and `assert` statements of policies.

    PATHS are policy files, or directories in which every file with a `policy`
    line is tested.  --mutate ends with the tests that are missing, ready to paste.
    """
    from compiler.commands.test import Measures, test

    if fail_under is not None and not coverage and not mutate:
        raise click.UsageError("--fail-under needs --coverage or --mutate")
    measures = Measures(coverage, mutate, fail_under)
    sys.exit(test(paths, today, format, measures))  # type: ignore[arg-type]  # click checks
