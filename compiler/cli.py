"""The command line: options to calls; what is heavy is imported by the command that needs it."""

from __future__ import annotations

import datetime
import gc
import sys
from pathlib import Path

import click

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

BACKENDS = ("kmod", "rc", "sysctl")


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime.date:
    if value is None:
        return datetime.datetime.now(tz=datetime.UTC).date()
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date; write YYYY-MM-DD") from None


_today = click.option(
    "--today",
    callback=_day,
    metavar="DATE",
    help="The day that @until is compared with, as YYYY-MM-DD (default: the clock's, in UTC).",
)
_file = click.argument("file", type=click.Path(path_type=Path))
_paths = click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True)


@click.group(context_settings=_CONTEXT)
@click.version_option(package_name="cellc", message="%(prog)s %(version)s")
def main() -> None:
    """Compile, check and explain policies for NetBSD cells.

    A policy is a .cell file that says what each cell, a group of processes that the
    kernel keeps apart, may do.

    \b
    Start here:
      cellc check webfarm.cell             find mistakes
      cellc test webfarm.cell              run its tests
      cellc build webfarm.cell -o build    make kernel tables, rc scripts, sysctls
      cellc explain webfarm.cell "web network.bind tcp port 80"

    \b
    Exit status: 0 fine, 1 the policy has errors, 2 wrong use.
    """
    # Compiling makes many objects that live to the end; collecting them over and
    # over would be most of the work.
    gc.disable()


@main.command()
@_file
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR",
              help="The directory to make or replace.")  # fmt: skip
@click.option("--backend", "backends", type=click.Choice(BACKENDS), multiple=True,
              help="Emit only this kind of artifact (repeatable; default: all).")  # fmt: skip
@click.option("--locked", is_flag=True,
              help="Refuse to give new cell ids, and leave the lock file alone.")  # fmt: skip
@_today
def build(
    file: Path, output: Path, backends: tuple[str, ...], locked: bool, today: datetime.date
) -> None:
    """Compile FILE to a directory of artifacts.

    DIR is replaced as a whole or not at all.  Cell ids are kept in
    FILE's .cells.lock, which belongs under version control.
    """
    from backends.registry import load
    from compiler.commands.build import build

    sys.exit(build(file, output, load(backends or BACKENDS), today, locked))


@main.command()
@_paths
@click.option("--format", type=click.Choice(["text", "json", "sarif"]), default="text",
              help="text on standard error, or json or sarif on standard output.")  # fmt: skip
@_today
def check(paths: tuple[Path, ...], format: str, today: datetime.date) -> None:
    """Find mistakes in policies; nothing is written.

    PATHS are policy files, or directories in which every file with a `policy`
    line is checked.
    """
    from compiler.commands.check import check

    sys.exit(check(paths, today, format))  # type: ignore[arg-type]  # click checks the choice


@main.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; list files that are not formatted.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def fmt(paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Bring policies into the one canonical format.

    PATHS are files, directories, or - for standard input.  Comments stay, and what
    the policy means never changes.
    """
    from compiler.commands.output import print_findings
    from compiler.fmt import run

    result = run(paths, sys.stdin.buffer, check=check, diff=diff)
    sys.stdout.write(result.text)
    print_findings(result.found.sorted(), result.sources, None)
    sys.exit(result.status)


@main.command()
@_paths
@click.option("--format", type=click.Choice(["text", "json"]), default="text",
              help="A line per test as text, or as JSON.")  # fmt: skip
@_today
def test(paths: tuple[Path, ...], format: str, today: datetime.date) -> None:
    """Run the `test` and `assert` statements of policies."""
    from compiler.commands.test import test

    sys.exit(test(paths, today, format))  # type: ignore[arg-type]  # click checks the choice


@main.command()
@_file
@click.argument("pattern")
@click.option("--effect", "effects", type=click.Choice(["deny", "allow", "grant"]), multiple=True,
              help="Only requests with this decision (repeatable).")  # fmt: skip
@click.option("--format", type=click.Choice(["text", "json"]), default="text",
              help="json prints one object a line.")  # fmt: skip
@_today
def query(
    file: Path, pattern: str, effects: tuple[str, ...], format: str, today: datetime.date
) -> None:
    """List what FILE decides on every request that PATTERN matches.

    A pattern is a request that may leave things open, or name groups and sets:
    "any process.* to db", "web network.bind tcp".
    """
    from compiler.commands.query import query

    sys.exit(query(file, pattern, today, effects, format))  # type: ignore[arg-type]  # click checks


@main.command()
@_file
@click.argument("requests", nargs=-1, required=True)
@click.option("--format", type=click.Choice(["text", "json"]), default="text",
              help="json prints one object a line.")  # fmt: skip
@_today
def explain(file: Path, requests: tuple[str, ...], format: str, today: datetime.date) -> None:
    """Say what FILE decides on REQUESTS, by which rule, and what becomes of it.

    A request is written as in a test: "web network.bind tcp port 80".  A line that
    the kernel module logged is taken as well.  A - reads standard input, one request
    a line, or a whole log, of which only the module's lines count.
    """
    from compiler.commands.explain import explain

    sys.exit(explain(file, requests, today, format))  # type: ignore[arg-type]  # click checks
