"""STY020: devices that a cell has already."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.edits import without_member
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Devices):
        node = placed.node
        if isinstance(node, t.Devices):
            names = [name.text for name in node.names]
            for n, name in enumerate(node.names):
                if name.text in names[:n]:
                    source = context.sources[name.span.file]
                    spans = [other.span for other in node.names]
                    message = f"`{name.text}` is listed twice"
                    yield Finding(name.span, message, edits=(without_member(source, spans, n),))
                    break


RULE = Rule(
    code="STY020",
    name="repeated-device",
    title="device that is listed twice",
    severity="note",
    why="Lists of devices add up; the second mention adds nothing.",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    devices { null zero null }
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    devices { null zero }
}
""",
    remedy="remove it from the list",
    find=find,
    fix="everything",
)
