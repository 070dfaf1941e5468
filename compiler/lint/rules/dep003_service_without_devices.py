"""DEP003: services that can open no device node at all."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Request
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        if cell.enforced.service is None or cell.enforced.devices:
            continue
        if context.decides(Request(cell.name, "device.rawio_spec.read")) == "deny":
            message = f"`{cell.name}` cannot open any device node, not even /dev/null"
            yield Finding(cell.span, message)


RULE = Rule(
    code="DEP003",
    name="service-without-devices",
    title="service without devices",
    severity="note",
    why="""\
Every open of a device node, /dev/null included, is a `device.rawio_spec` request. The profiles
`medium` and `high`, as upstream has them, deny the whole device scope.""",
    bad="""\
cell web {
    profile high;
    root "/var/cells/web";
    user "www";
    service { command "/usr/libexec/httpd"; }
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    service { command "/usr/libexec/httpd"; }
}
""",
    remedy="most daemons need it; `profile confined` leaves device nodes to file modes",
    find=find,
)
