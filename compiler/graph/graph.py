"""A graph of cells: what its nodes and arrows are, whatever it is written as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from compiler.record import record

#: What an arrow stands for: rights over processes, shared files, shared IPC objects, ports that
#: may be taken, hooks, powers over the host, rights that change nothing, and the order of start.
Kind = Literal["process", "files", "ipc", "ports", "hooks", "powers", "sees", "order"]

#: Every kind in a few words, in the order of legends.
KINDS: dict[Kind, str] = {
    "process": "may change processes",
    "files": "writes what the other reads",
    "ipc": "shares IPC objects",
    "ports": "may take a port first",
    "hooks": "writes what a hook runs",
    "powers": "has powers over the host",
    "sees": "may look at processes",
    "order": "starts before",
}


@record
class Node:
    """Cells with the same relations, or one thing that is no cell."""

    id: str
    """A word that is an identifier everywhere."""
    title: str
    members: tuple[str, ...]
    """Names of cells, "host", "host-root", or a name of the thing."""
    kind: Literal["cell", "host", "rc", "shared"] = "cell"
    """`shared` is something that all who have an arrow to it can change and read."""


@record
class Cause:
    """Why there is an arrow; `rule` is an index of the IR."""

    by: str
    short: str
    rule: int | None = None


@record
class Arrow:
    """From all cells of one node to all of another; from a node to itself, to each other."""

    source: int
    target: int
    """Indices of nodes."""
    kind: Kind
    causes: tuple[Cause, ...]

    @property
    def label(self) -> str:
        """A word or two to stand beside the arrow."""
        words = list(dict.fromkeys(cause.short for cause in self.causes))
        more = f" +{len(words) - 2}" if len(words) > 2 else ""
        return ", ".join(words[:2]) + more

    @property
    def text(self) -> str:
        """All causes on one line."""
        return "; ".join(dict.fromkeys(cause.by for cause in self.causes))


@record
class Graph:
    title: str
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    alone: tuple[str, ...] = ()
    """Cells without any arrow; they are no nodes."""


def largest(graph: Graph, most: int) -> Graph:
    """At most so many nodes: those with the most arrows; arrows to others are left out."""
    if len(graph.nodes) <= most:
        return graph
    degree = [0] * len(graph.nodes)
    for arrow in graph.arrows:
        degree[arrow.source] += 1
        degree[arrow.target] += 1
    order = sorted(range(len(degree)), key=lambda i: (graph.nodes[i].kind == "cell", -degree[i], i))
    return _only(graph, sorted(order[:most]))


def _only(graph: Graph, kept: Iterable[int]) -> Graph:
    place = {old: new for new, old in enumerate(kept)}
    arrows = tuple(
        Arrow(place[a.source], place[a.target], a.kind, a.causes)
        for a in graph.arrows
        if a.source in place and a.target in place
    )
    return Graph(graph.title, tuple(graph.nodes[i] for i in place), arrows, graph.alone)
