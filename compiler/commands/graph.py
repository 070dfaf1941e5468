"""`cellc graph`: how the cells of a policy are related, as a drawing or for other programs."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Literal

from compiler.analysis.read import RequestReader
from compiler.commands.output import print_findings
from compiler.driver import compile_policy
from compiler.graph.graph import Graph
from compiler.graph.relations import What, graph_of
from compiler.names.project import policy_root

GraphFormat = Literal["svg", "dot", "mermaid"]
GraphSubject = What


def graph(path: Path, today: datetime.date, what: What, format: GraphFormat) -> int:
    """Prints a graph; the exit status."""
    compilation = compile_policy(path, today)
    program = compilation.program
    if compilation.failed or program is None:
        print_findings(compilation.diagnostics, compilation.sources, policy_root(path))
        return 1
    made = graph_of(program.ir, what, RequestReader(program).groups)
    sys.stdout.write(written(made, format))
    return 0


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
