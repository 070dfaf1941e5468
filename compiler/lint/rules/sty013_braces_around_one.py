"""STY013: sets of one member in braces."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Edit, Finding, Rule
from compiler.pattern import pattern
from compiler.source import Span
from compiler.syntax import tree as t

_CHOICE = pattern(r"\{\s*([\w-]+)\s*\}")


def find(context: Context) -> Iterator[Finding]:
    for placed in context.with_braces(t.Rule):
        node = placed.node
        if isinstance(node, t.Rule):
            text = context.sources[node.span.file].text
            for choice in _CHOICE.finditer(text, node.action.span.start, node.action.span.end):
                yield _found(node.action.span, choice.start(), choice.end(), choice[1])
            for condition in node.conditions:
                ports = condition.ports if isinstance(condition, t.Ports) else None
                if isinstance(ports, t.Braces) and len(ports.items) == 1:
                    inner = ports.items[0].span
                    if "#" not in text[ports.span.start : ports.span.end]:
                        member = text[inner.start : inner.end]
                        yield _found(ports.span, ports.span.start, ports.span.end, member)


def _found(near: Span, start: int, end: int, member: str) -> Finding:
    span = near._replace(start=start, end=end)
    return Finding(span, f"`{member}` stands alone in braces", edits=(Edit(span, member),))


RULE = Rule(
    code="STY013",
    name="braces-around-one",
    title="braces around one member",
    severity="note",
    why="Braces say that there are several; the reader looks for the others.",
    bad="""\
cell web {
    profile confined;
    deny network.bind tcp port {80};
    deny system.{sysvipc};
}
""",
    good="""\
cell web {
    profile confined;
    deny network.bind tcp port 80;
    deny system.sysvipc;
}
""",
    remedy="write the member alone",
    find=find,
    fix="everything",
)
