"""The command line of `cellc diff`."""

from __future__ import annotations

import datetime
import sys
from typing import TYPE_CHECKING

from compiler.cli.declare import parameter, takes
from compiler.cli.options import today

if TYPE_CHECKING:
    from compiler.commands.diff import DiffFormat


@takes(
    parameter("old", required=True),
    parameter("new"),
    parameter(
        "--format",
        type=("text", "json", "markdown", "sarif"),
        default="text",
        help="json prints an object a line; markdown is for pull requests.",
    ),
    parameter(
        "--all",
        "everything",
        flag=True,
        help="Show every row as text, not only the first 20 of a kind.",
    ),
    today,
)
def command(
    old: str, new: str | None, format: DiffFormat, everything: bool, today: datetime.date
) -> None:
    """Compare all that two policies decide and set; widened requests first.

    OLD and NEW are files, or files of a git revision as REV:PATH.  With OLD as
    REV.. or REV..REV, NEW is the file that is compared in both; it may be left out
    where there is only one policy.

    \b
    cellc diff old.cell new.cell
    cellc diff main.. webfarm.cell               what this change does
    cellc diff v1.2..v1.3 policies/webfarm.cell
    cellc diff main:policies/webfarm.cell webfarm.cell

    The exit status is 1 when a policy has errors, or an assertion of the new one does
    not hold; if not, it is 3 when something is widened and no @reason before the new
    statement justifies it.
    """
    from compiler.commands.diff import diff

    most = None if everything else 20
    sys.exit(diff(old, new, today, format, most))
