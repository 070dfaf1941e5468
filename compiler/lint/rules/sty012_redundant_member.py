"""STY012: members of port sets that others hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.lint.context import Context
from compiler.lint.edits import without_member
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for braces in _sets(context):
        redundant = _held_by_others([_ports(item) for item in braces.items])
        if redundant:
            n = min(redundant)
            spans = [item.span for item in braces.items]
            source = context.sources[braces.span.file]
            yield Finding(
                spans[n],
                f"`{source.text[spans[n].start : spans[n].end]}` is in this set already",
                edits=(without_member(source, spans, n),),
            )


def _held_by_others(members: Sequence[tuple[int, int] | None]) -> set[int]:
    """Which of these ranges lie in another, or are like one before them."""
    # Whatever holds a range comes before it in this order, and reaches at least as far.
    order = sorted((m[0], -m[1], n) for n, m in enumerate(members) if m)
    held, reach = set(), -1
    for _, last, n in order:
        if -last <= reach:
            held.add(n)
        reach = max(reach, -last)
    return held


def _sets(context: Context) -> Iterator[t.Braces]:
    """The sets in braces of conditions, `listen` and `let`."""
    for placed in context.with_braces(t.Rule, t.Assertion, t.Listen, t.Let):
        node = placed.node
        values: list[object] = []
        if isinstance(node, (t.Rule, t.Assertion)):
            values = [c.ports for c in node.conditions if isinstance(c, t.Ports)]
        elif isinstance(node, t.Listen):
            values = [node.ports]
        elif isinstance(node, t.Let):
            values = [node.value]
        yield from (value for value in values if isinstance(value, t.Braces))


def _ports(item: t.Set) -> tuple[int, int] | None:
    """The ports of a member that is written in digits."""
    ends = (item.low, item.high) if isinstance(item, t.Range) else (item, item)
    low, high = (e.raw if isinstance(e, t.Number) else "" for e in ends)
    return (int(low), int(high)) if low.isdecimal() and high.isdecimal() else None


RULE = Rule(
    code="STY012",
    name="redundant-member",
    title="member of a set that is in it already",
    severity="note",
    why="""\
A port that a range beside it holds, or that stands there twice, looks as if it added
something.""",
    bad="""\
cell web {
    profile confined;
    deny network.bind tcp port {80, 8080, 8000..8099};
}
""",
    good="""\
cell web {
    profile confined;
    deny network.bind tcp port {80, 8000..8099};
}
""",
    remedy="remove it from the set",
    find=find,
    fix="everything",
)
