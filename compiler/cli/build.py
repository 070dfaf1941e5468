"""The command line of `cellc build`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from compiler.cli.declare import Range, parameter, takes
from compiler.cli.options import file, today

DEFAULT = ("kmod", "rc", "sysctl")
BACKENDS = (*DEFAULT, "ansible", "celladm")


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
        type=BACKENDS,
        many=True,
        help="A kind of artifact (repeatable; default: kmod, rc and sysctl).",
    ),
    parameter(
        "--require",
        type=("full",),
        help="full: fail unless every statement is enforced as it says.",
    ),
    parameter(
        "--no-cert", flag=True, help="Make no certificate of the tables, and do not check them."
    ),
    parameter(
        "--accept",
        many=True,
        metavar="LOSS",
        help="Build although the target loses this (repeatable).",
    ),
    parameter(
        "--sign",
        "key",
        type=Path,
        metavar="KEY",
        help="Sign the manifest with this private key of ssh-keygen(1).",
    ),
    parameter(
        "--serial",
        type=Range(int, 1, 2**31 - 1),
        metavar="NUMBER",
        help="What hosts do not go below unasked: a number that grows from build to build.",
    ),
    parameter(
        "--incremental",
        flag=True,
        help="Compile only the cells that have changed since the last such build in DIR,"
        " if that had no warnings.",
    ),
    parameter(
        "--locked", flag=True, help="Refuse to give new cell ids, and leave the lock file alone."
    ),
    today,
)
def command(
    file: Path,
    output: Path,
    backends: tuple[str, ...],
    require: str | None,
    no_cert: bool,
    accept: tuple[str, ...],
    key: Path | None,
    serial: int | None,
    incremental: bool,
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

    options = Options(
        today, locked, require == "full", frozenset(accept), key, not no_cert, incremental, serial
    )
    sys.exit(build(file, output, load(backends or DEFAULT), options))
