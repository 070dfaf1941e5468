"""The command line of `cellc graph`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli.declare import parameter, takes
from compiler.cli.options import file, today

if TYPE_CHECKING:
    from compiler.commands.graph import GraphFormat, GraphSubject


@takes(
    file,
    parameter(
        "--what",
        type=("influence", "rights", "order"),
        default="influence",
        help="influence (default), rights over processes, order of start.",
    ),
    parameter(
        "--format",
        type=("svg", "dot", "mermaid"),
        default="svg",
        help="svg (default) draws, dot is for Graphviz, mermaid for Markdown.",
    ),
    today,
)
def command(file: Path, what: GraphSubject, format: GraphFormat, today: datetime.date) -> None:
    """Draw how the cells of FILE are related.

    The graph goes to standard output.  Cells that are related alike share a node.
    If assertions are all that is wrong with FILE, it is drawn, and the exit status is 1.

    \b
      cellc graph webfarm.cell >webfarm.svg
      cellc graph webfarm.cell --format dot | dot -Tpdf >webfarm.pdf
      cellc graph webfarm.cell --format mermaid --what order
    """
    from compiler.commands.graph import graph

    sys.exit(graph(file, today, what, format))
