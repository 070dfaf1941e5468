"""The command line of `cellc import`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

_RELEASES = ("9.4", "10.1", "11.0", "current")


def _name(ctx: click.Context, param: click.Parameter, value: str) -> str:
    import re

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", value):
        raise click.BadParameter("use letters, digits, `_` and `-`, a letter first")
    return value


@click.group()
def command() -> None:
    """Translate files of another format to a policy.

    The policy goes to standard output, unless something is wrong with the files.
    """


@command.command("celladm")
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--defaults", type=click.Path(path_type=Path), metavar="FILE",
              help="celladm's defaults.conf, from which manifests inherit.")  # fmt: skip
@click.option("--policy", default="imported", callback=_name, metavar="NAME", show_default=True,
              help="What the policy is called.")  # fmt: skip
@click.option("--target", type=click.Choice(_RELEASES), default="current", show_default=True,
              help="The release of NetBSD that it is for.")  # fmt: skip
def celladm(files: tuple[Path, ...], defaults: Path | None, policy: str, target: str) -> None:
    """Translate manifests of upstream's celladm(8).

    FILES are those in /etc/cells/cells.d.  The policy says what they say, so that
    `cellc build --backend celladm` makes the same manifests of it again.

    \b
    cellc import celladm --defaults /etc/cells/defaults.conf /etc/cells/cells.d/*.cell
    """
    from compiler.commands.import_ import import_celladm

    sys.exit(import_celladm(files, defaults, policy, target))
