"""A graph in the language of Graphviz (dot(1))."""

from __future__ import annotations

from backends.escape import dot_string
from compiler.graph.graph import Graph

_SHAPES = {"cell": "box", "host": "octagon", "rc": "ellipse", "shared": "cylinder"}
_STYLES = {
    "process": "solid",
    "powers": "bold",
    "files": "dashed",
    "ipc": "dotted",
    "sees": "dotted",
}


def dot(graph: Graph) -> str:
    """A `digraph`; nodes that stand for several cells list them in their tooltip."""
    nodes = [
        f"    {node.id} [label={dot_string(node.title)}, shape={_SHAPES[node.kind]}, "
        f"tooltip={dot_string(', '.join(node.members))}];"
        for node in graph.nodes
    ]
    arrows = [
        f"    {graph.nodes[arrow.source].id} -> {graph.nodes[arrow.target].id} "
        f"[label={dot_string(arrow.label)}, tooltip={dot_string(arrow.text)}, "
        f"style={_STYLES.get(arrow.kind, 'solid')}, class={arrow.kind}];"
        for arrow in graph.arrows
    ]
    head = ["digraph cells {", f"    label={dot_string(graph.title)};", "    rankdir=LR;"]
    return "\n".join([*head, "    node [style=rounded];", *nodes, *arrows, "}", ""])
