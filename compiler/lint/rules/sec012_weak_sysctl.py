"""SEC012: sysctl nodes set to less than the kernel's own value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.catalogue.sysctl import integer, node_for
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

_LEADING = re.compile(r"-?[0-9]+")


def find(context: Context) -> Iterator[Finding]:
    for setting in context.policy.host.sysctls:
        node = node_for(setting.name)
        known = node_for(node.canonical) if node is not None else None
        value = integer(setting.value)
        if known is None or known.hardened is None or value is None:
            continue
        hardened, default = integer(known.hardened), _LEADING.match(known.default)
        if hardened is None or default is None:
            continue
        if abs(value - hardened) > abs(int(default[0]) - hardened):
            yield Finding(
                setting.span,
                f"`{setting.name}` is {default[0]} unless it is set: {known.summary}",
                f"remove it, or set it to {known.hardened}",
            )


RULE = Rule(
    code="SEC012",
    name="weak-sysctl",
    title="setting that weakens the release's default",
    severity="warning",
    why="""\
The release comes with a safer value. Cells share the kernel, so the weaker one is that of
every cell.""",
    bad="""\
cell web { profile confined; }
host {
    securelevel 1;
    sysctl security.pax.aslr.enabled = 0;
}
""",
    good="""\
cell web { profile confined; }
host {
    securelevel 1;
    sysctl security.pax.aslr.enabled = 1;
}
""",
    remedy="leave the default, or a safer value",
    find=find,
)
