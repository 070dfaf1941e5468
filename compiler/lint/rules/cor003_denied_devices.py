"""COR003: device nodes of a cell that it is denied to open."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.ir.ir import Request
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        decision = context.decider.decide(Request(cell.name, "device.rawio_spec.read"))
        if decision.effect == "deny" and decision.rule is not None and cell.enforced.devices:
            setting = next(x for body in cell.written.bodies for x in body.devices)
            yield Finding(
                setting.span,
                f"`{cell.name}` has devices that it is denied to open",
                related=[Related(context.rule_span(decision.rule), "denied here")],
            )


RULE = Rule(
    code="COR003",
    name="denied-devices",
    title="devices that cannot be opened",
    severity="warning",
    why="Every open of a device node, /dev/null included, is a `device.rawio_spec` request.",
    bad="""\
cell web {
    profile high;
    root "/var/cells/web";
    devices { null random }
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    devices { null random }
}
""",
    remedy="allow `device.rawio_spec`, or remove `devices`",
    find=find,
)
