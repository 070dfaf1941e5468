"""The command line of `cellc narrow`."""

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
    parameter(
        "--format",
        type=("patch", "json"),
        default="patch",
        help="json prints one object with the patch in it.",
    ),
    today,
)
def command(
    file: Path, log: str, write: bool, format: ProposalFormat, today: datetime.date
) -> None:
    """Propose tightenings that still admit everything in LOG.

    LOG is a file or `-` of requests, one a line: as `explain` takes them, as lines of
    `test` blocks, or lines of the kernel module.  The kernel logs what it denies and
    never what it allows, so what a cell needs must be written down by somebody: rules
    that admit nothing in LOG are taken out, others made as narrow as what is in it.

    The patch is printed as by `learn`.  Each tightening is proved to widen nothing and
    to refuse nothing in LOG; all that it closes is told on standard error.

    The exit status is 1 when lines of the kernel module are passed over, as they are cut
    off or of another policy, and 2 when LOG has nothing that the policy admits a cell.
    """
    from compiler.commands.proposals import narrow

    sys.exit(narrow(file, log, today, write, format))
