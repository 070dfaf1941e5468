"""SEC012: sysctl nodes set to less than the kernel's own value."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.sysctl import canonical, direction, leading_number, node_for
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for setting in context.policy.host.sysctls:
        known = node_for(canonical(setting.name))
        if known is not None and direction(setting.name, setting.value) == "weaker":
            default = leading_number(known.default)
            yield Finding(
                setting.span,
                f"`{setting.name}` is {default} unless it is set: {known.summary}",
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
