"""STY018: sizes in digits that are whole mebibytes."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.words import RLIMITS
from compiler.lint.context import Context
from compiler.lint.rule import Edit, Finding, Rule
from compiler.syntax import tree as t

_UNITS = (("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20))


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Limit):
        node = placed.node
        if isinstance(node, t.Limit) and isinstance(node.amount, t.Number) and _in_bytes(node):
            raw = node.amount.raw
            value = int(raw) if raw.isdecimal() and len(raw) < 20 else 0
            unit = next((u for u in _UNITS if value and value % u[1] == 0), None)
            if unit is not None:
                short = f"{value // unit[1]}{unit[0]}"
                span = node.amount.span
                yield Finding(span, f"`{raw}` is `{short}`", edits=(Edit(span, short),))


def _in_bytes(node: t.Limit) -> bool:
    limit = RLIMITS.get(node.name.text)
    return limit is not None and limit.unit == "bytes"


RULE = Rule(
    code="STY018",
    name="size-in-bytes",
    title="size in bytes that has a shorter form",
    severity="note",
    why="Nobody counts ten digits. `1G` cannot be misread.",
    bad="""\
cell web {
    profile confined;
    limits { as 1073741824; }
}
""",
    good="""\
cell web {
    profile confined;
    limits { as 1G; }
}
""",
    remedy="write it with `M`, `G` or `T`",
    find=find,
    fix="everything",
)
