"""TST006: tests that ask nothing."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Test):
        node = placed.node
        if isinstance(node, t.Test) and not node.body:
            text = context.sources[node.span.file].text[node.span.start : node.span.end]
            edits = removal(context, placed) if "#" not in text else ()
            yield Finding(node.title.span, "this test asks nothing", edits=edits)


RULE = Rule(
    code="TST006",
    name="empty-test",
    title="test without cases",
    severity="warning",
    why="It always passes.",
    bad="""\
cell web { profile confined; }
test "no powers" {}
""",
    good="""\
cell web { profile confined; }
test "no powers" { deny web system.reboot; }
""",
    remedy="write its cases, or remove it",
    find=find,
    fix="everything",
)
