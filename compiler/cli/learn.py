"""The command line of `cellc learn`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli.declare import parameter, takes
from compiler.cli.options import file, today

if TYPE_CHECKING:
    from compiler.commands.proposals import ProposalFormat


@takes(
    file,
    parameter("log", required=True),
    parameter("--write", flag=True, help="Change the policy instead of printing a patch."),
    parameter("--reason", metavar="TEXT", help="Put this @reason before each new rule."),
    parameter(
        "--format",
        type=("patch", "json"),
        default="patch",
        help="json prints one object with the patch in it.",
    ),
    today,
)
def command(
    file: Path,
    log: str,
    write: bool,
    reason: str | None,
    format: ProposalFormat,
    today: datetime.date,
) -> None:
    """Propose the smallest opening that lets pass what LOG says was denied.

    LOG is a file or `-`: lines of the kernel module, of permissive cells or not; all
    other lines are passed over.  The patch is printed, for `patch -p1` or `git apply`
    at the top of the repository; all that it opens is told on standard error.

    \b
    cellc learn webfarm.cell /var/log/messages >opening.patch

    A grant is proposed only where an allow could not help.  Its @reason is left blank,
    and the policy does not compile until it is filled in.  What an assertion forbids,
    a final rule denies, or a line that is cut off asks for is not proposed; the exit
    status is then 1.
    """
    from compiler.commands.proposals import learn

    sys.exit(learn(file, log, today, reason, write, format))
