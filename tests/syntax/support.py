"""What several tests of the syntax need."""

from __future__ import annotations

from typing import Any

from compiler.diagnostics import Diagnostic, Diagnostics
from compiler.record import field_names
from compiler.source import Source, Span
from compiler.syntax import tree as t
from compiler.syntax.parse import parse_policy

FILE = "x.cell"


def parse(text: str) -> tuple[tuple[t.Statement, ...], tuple[Diagnostic, ...]]:
    """The statements of a text, and what is wrong with it."""
    found = Diagnostics()
    statements = parse_policy(Source(FILE, text), found)
    return statements, found.sorted()


def sketch(node: Any) -> str:
    """A tree on one line, places left out.

    Leaves appear as they are written, tuples in brackets, None as `-`, a statement with
    its annotations before it.
    """
    match node:
        case t.Name():
            return node.text
        case t.Text() | t.Number():
            return node.raw
        case t.Range():
            return f"{sketch(node.low)}..{sketch(node.high)}"
        case t.Braces():
            return f"{{{', '.join(map(sketch, node.items))}}}"
        case t.Annotation():
            return f"@{node.name} {sketch(node.value)}"
        case t.Statement():
            return " ".join(map(sketch, (*node.annotations, node.node)))
        case tuple():
            return f"[{', '.join(map(sketch, node))}]"
        case None:
            return "-"
        case bool():
            return "yes" if node else "no"
        case str():
            return node
    parts = [
        sketch(value)
        for name in field_names(type(node))
        if not isinstance(value := getattr(node, name), Span)
    ]
    return f"{type(node).__name__}({', '.join(parts)})"


def nodes(node: Any) -> list[Any]:
    """All records of a tree, parents first."""
    if isinstance(node, tuple):
        return [inner for item in node for inner in nodes(item)]
    if isinstance(node, t.Statement):
        return [node, *nodes(node.annotations), *nodes(node.node)]
    if not field_names(type(node)):
        return []
    values = (getattr(node, name) for name in field_names(type(node)))
    return [
        node,
        *(inner for value in values if not isinstance(value, Span) for inner in nodes(value)),
    ]
