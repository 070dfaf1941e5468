"""SEC002: some device nodes hand out more than themselves."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.words import DEVICE_NODES
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        for devices in (x for body in cell.written.bodies for x in body.devices):
            for name in devices.names:
                if caution := DEVICE_NODES[name].caution:
                    yield Finding(
                        devices.span, f"`{cell.name}` gets the device `{name}`: {caution}"
                    )


RULE = Rule(
    code="SEC002",
    name="powerful-device",
    title="device that hands out more",
    severity="note",
    why="Whoever may open this device node can do more than the node's name says.",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    devices { null bpf }
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    devices { null }
}
""",
    remedy="leave it out if nothing needs it",
    find=find,
)
