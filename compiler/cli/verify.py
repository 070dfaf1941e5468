"""The command line of `cellc verify`."""

from __future__ import annotations

import sys
from pathlib import Path

from compiler.cli.declare import parameter, takes


@takes(
    parameter("directory", type=Path, metavar="DIR", required=True),
)
def command(directory: Path) -> None:
    """Check that DIR is a whole build, and that its tables say what its IR does.

    Every file must be the one that manifest.json lists, none may be missing, and none be
    there that it does not list.  Then the certificate and the tables are checked against
    the rules in policy.ir.json.  The exit status is 1 when something is wrong, and 2 when
    DIR cannot be read.
    """
    from backends.registry import load
    from compiler.commands.verify import verify

    sys.exit(verify(directory, load(["kmod"])))
