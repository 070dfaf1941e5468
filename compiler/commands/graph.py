"""`cellc graph`: how the cells of a policy are related, as a drawing or for other programs."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Literal

from compiler.analysis.read import RequestReader
from compiler.commands.asked import asked
from compiler.graph.graph import Graph
from compiler.graph.relations import What, graph_of

GraphFormat = Literal["svg", "dot", "mermaid"]
GraphSubject = What


def graph(path: Path, today: datetime.date, what: What, format: GraphFormat) -> int:
    """Prints a graph; the exit status."""
    policy = asked(path, today)
    if policy is None:
        return 1
    made = graph_of(policy.program.ir, what, RequestReader(policy.program).groups)
    sys.stdout.write(written(made, format))
    return policy.status


def written(graph: Graph, format: GraphFormat) -> str:
    """A graph in one of the formats."""
    if format == "svg":
        from compiler.graph.svg import svg

        return svg(graph)
    if format == "dot":
        from compiler.graph.dot import dot

        return dot(graph)
    from compiler.graph.mermaid import mermaid

    return mermaid(graph)
