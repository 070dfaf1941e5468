"""The command line of `cellc explain`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli.declare import parameter, takes
from compiler.cli.options import file, today

if TYPE_CHECKING:
    from compiler.commands.output import Format


@takes(
    file,
    parameter("requests", many=True, required=True),
    parameter(
        "--format",
        type=("text", "json"),
        default="text",
        help="json prints one object a line.",
    ),
    today,
)
def command(file: Path, requests: tuple[str, ...], format: Format, today: datetime.date) -> None:
    """Say what FILE decides on REQUESTS, by which rule, and what becomes of it.

    A request is written as in a test: "web network.bind tcp port 80".  A line that
    the kernel module logged is taken as well.  A - reads standard input, one request
    a line, or a whole log, of which only the module's lines count.

    If assertions are all that is wrong with FILE, there is an answer, and the exit status
    is 1.  It is 2 for a request that is none.
    """
    from compiler.commands.explain import explain

    sys.exit(explain(file, requests, today, format))
