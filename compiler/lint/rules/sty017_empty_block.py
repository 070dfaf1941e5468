"""STY017: blocks with nothing in them."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Limits, t.Host):
        node = placed.node
        if isinstance(node, (t.Limits, t.Host)) and not node.body:
            text = context.sources[node.span.file].text[node.span.start : node.span.end]
            edits = removal(context, placed) if "#" not in text else ()
            word = "limits" if isinstance(node, t.Limits) else "host"
            yield Finding(placed.span, f"this `{word}` block sets nothing", edits=edits)


RULE = Rule(
    code="STY017",
    name="empty-block",
    title="block without statements",
    severity="note",
    why="""\
An empty block sets nothing. It is what is left of something, or was never finished.""",
    bad="""\
cell web {
    profile confined;
    limits {}
}
""",
    good="""\
cell web {
    profile confined;
    limits { core 0; }
}
""",
    remedy="remove it, or fill it in",
    find=find,
    fix="everything",
)
