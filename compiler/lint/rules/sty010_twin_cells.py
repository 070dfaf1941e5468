"""STY010: cells with equal rules of their own."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.lint.context import CellPair, Context
from compiler.lint.meaning import unexplained
from compiler.lint.rule import Finding, Option, Rule


def find(context: Context) -> Iterator[Finding]:
    groups: dict[tuple[object, ...], list[CellPair]] = {}
    for cell in context.cells:
        own = frozenset(
            unexplained(rule.meaning) for rule in cell.written.own.rules if not rule.meaning.listen
        )
        if len(own) >= context.number(RULE, "rules"):
            chain = tuple(body.name for body in cell.written.bodies[:-1])
            groups.setdefault((chain, own), []).append(cell)
    for first, *others in groups.values():
        if others:
            yield Finding(
                first.span,
                f"`{first.name}` and {len(others)} other{'s' * (len(others) > 1)} have the same"
                " rules of their own",
                related=[Related(cell.span, "and this one") for cell in others[:3]],
            )


RULE = Rule(
    code="STY010",
    name="twin-cells",
    title="cells that say the same, each for itself",
    severity="note",
    why="""\
Several cells spell out the same rules. The next change will be made in all of them but one.
A template, or a profile of their own, says it once.""",
    bad="""\
cell shop-a {
    profile confined;
    deny system.sysvipc;
    deny network.bind port 1..49151;
}
cell shop-b {
    profile confined;
    deny system.sysvipc;
    deny network.bind port 1..49151;
}
""",
    good="""\
profile shop extends confined {
    deny system.sysvipc;
    deny network.bind port 1..49151;
}
cell shop-a { profile shop; }
cell shop-b { profile shop; }
""",
    remedy="move what they share into a profile or a template",
    find=find,
    options=(Option("rules", 2, "how many equal rules make twins"),),
)
