"""The command line of `cellc upgrade`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.catalogue.actions import RELEASES
from compiler.cli.declare import parameter, takes
from compiler.cli.options import file, today

if TYPE_CHECKING:
    from compiler.commands.upgrade import UpgradeFormat


@takes(
    file,
    parameter(
        "--from",
        "old",
        type=RELEASES,
        help="The release that the host runs (default: the policy's target).",
    ),
    parameter("--to", "new", type=RELEASES, required=True, help="The release that it will run."),
    parameter(
        "--format",
        type=("text", "json", "markdown"),
        default="text",
        help="json prints an object a line.",
    ),
    today,
)
def command(
    file: Path, old: str | None, new: str, format: UpgradeFormat, today: datetime.date
) -> None:
    """Tell what another release of NetBSD changes for FILE.

    New actions and what decides them, requests that are no longer made, rules about
    more or fewer actions, requests that are decided otherwise, sysctl nodes and rc.d
    providers that come and go, and nodes with another default.  The policy is compiled
    for both releases; the exit status is 1 when it has errors for the newer one, or such
    for the older one that nothing can be compared.

    \b
    cellc upgrade webfarm.cell --to 11.0
    cellc upgrade webfarm.cell --from 9.4 --to 10.1 --format markdown
    """
    from compiler.commands.upgrade import upgrade

    sys.exit(upgrade(file, old, new, today, format))
