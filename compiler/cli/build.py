"""The command line of `cellc build`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from compiler.cli.options import file, today

DEFAULT = ("kmod", "rc", "sysctl")
BACKENDS = (*DEFAULT, "ansible", "celladm")


@click.command()
@file
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR",
              help="The directory to make or replace.")  # fmt: skip
@click.option("--backend", "backends", type=click.Choice(BACKENDS), multiple=True,
              help="A kind of artifact (repeatable; default: kmod, rc and sysctl).")  # fmt: skip
@click.option("--require", type=click.Choice(["full"]),
              help="full: fail unless every statement is enforced as it says.")  # fmt: skip
@click.option("--no-cert", is_flag=True,
              help="Make no certificate of the tables, and do not check them.")  # fmt: skip
@click.option("--accept", multiple=True, metavar="LOSS",
              help="Build although the target loses this (repeatable).")  # fmt: skip
@click.option("--sign", "key", type=click.Path(path_type=Path), metavar="KEY",
              help="Sign the manifest with this private key of ssh-keygen(1).")  # fmt: skip
@click.option("--locked", is_flag=True,
              help="Refuse to give new cell ids, and leave the lock file alone.")  # fmt: skip
@today
def command(
    file: Path,
    output: Path,
    backends: tuple[str, ...],
    require: str | None,
    no_cert: bool,
    accept: tuple[str, ...],
    key: Path | None,
    locked: bool,
    today: datetime.date,
) -> None:
    """Compile FILE to a directory of artifacts.

    DIR is replaced as a whole or not at all.  Cell ids are kept in
    FILE's .cells.lock, which belongs under version control.

    The backend celladm is for hosts that run upstream's secmodel_cell.  What these
    cannot do as the policy says is an error, and has a name for --accept.
    """
    from backends.registry import load
    from compiler.commands.artifacts import Options
    from compiler.commands.build import build

    options = Options(today, locked, require == "full", frozenset(accept), key, not no_cert)
    sys.exit(build(file, output, load(backends or DEFAULT), options))
