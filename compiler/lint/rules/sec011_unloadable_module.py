"""SEC011: host settings under which root can take the policy away."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    host = context.policy.host
    if host.securelevel is not None and host.securelevel.level < 1:
        message = f"at securelevel {host.securelevel.level} root can unload the module"
        yield Finding(host.securelevel.span, message)
    elif host.securelevel is None and host.sysctls:
        message = "the host stays at a securelevel at which root can unload the module"
        yield Finding(host.sysctls[0].span, message)


RULE = Rule(
    code="SEC011",
    name="unloadable-module",
    title="host that lets the module be unloaded",
    severity="warning",
    why="""\
Below securelevel 1 root of the host loads and unloads kernel modules, and writes to kernel
memory: the policy holds only as long as no process of the host's root is taken over.
Policies that set nothing of the host are not judged.""",
    bad="""\
cell web { profile confined; }
host {
    sysctl security.models.extensions.curtain = 1;
}
""",
    good="""\
cell web { profile confined; }
host {
    securelevel 1;
    sysctl security.models.extensions.curtain = 1;
}
""",
    remedy="""\
set `securelevel 1` in `host`, which takes effect when the system goes multi-user""",
    find=find,
)
