"""The command line of `cellc import`."""

from __future__ import annotations

import sys
from pathlib import Path

from compiler.cli.declare import Group, UnfitError, parameter, takes

_RELEASES = ("9.4", "10.1", "11.0", "current")


def _name(value: str) -> str:
    import re

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,62}", value):
        raise UnfitError("use letters, digits, `_` and `-`, a letter first")
    return value


@takes(
    parameter("files", type=Path, many=True, required=True),
    parameter(
        "--defaults",
        type=Path,
        metavar="FILE",
        help="celladm's defaults.conf, from which manifests inherit.",
    ),
    parameter(
        "--policy",
        default="imported",
        read=_name,
        metavar="NAME",
        show_default=True,
        help="What the policy is called.",
    ),
    parameter(
        "--target",
        type=_RELEASES,
        default="current",
        show_default=True,
        help="The release of NetBSD that it is for.",
    ),
)
def celladm(files: tuple[Path, ...], defaults: Path | None, policy: str, target: str) -> None:
    """Translate manifests of upstream's celladm(8).

    FILES are those in /etc/cells/cells.d.  The policy says what they say, so that
    `cellc build --backend celladm` makes the same manifests of it again.  The exit status
    is 1 when something in a file cannot be said in a policy.

    \b
    cellc import celladm --defaults /etc/cells/defaults.conf /etc/cells/cells.d/*.cell
    """
    from compiler.commands.import_ import import_celladm

    sys.exit(import_celladm(files, defaults, policy, target))


command = Group(
    """Translate files of another format to a policy.

    The policy goes to standard output, unless something is wrong with the files.
    """,
    {"celladm": celladm},
)
