"""A graph in the language of Mermaid, which forges draw in Markdown."""

from __future__ import annotations

from backends.escape import mermaid_string
from compiler.graph.graph import Graph

_SHAPES = {"cell": "[]", "host": ("{{", "}}"), "rc": ("([", "])"), "shared": ("[(", ")]")}
_LINES = {"process": "-->", "powers": "==>", "order": "-->"}


def mermaid(graph: Graph) -> str:
    """A `flowchart`; what is not a right over processes or a power has a dotted line."""
    lines = ["flowchart LR"]
    for node in graph.nodes:
        text = mermaid_string(node.title)
        left, right = _SHAPES[node.kind]
        lines.append(f"    {node.id}{left}{text}{right}")
    for arrow in graph.arrows:
        line = _LINES.get(arrow.kind, "-.->")
        ends = graph.nodes[arrow.source].id, graph.nodes[arrow.target].id
        lines.append(f"    {ends[0]} {line}|{mermaid_string(arrow.label)}| {ends[1]}")
    return "\n".join([*lines, ""])
