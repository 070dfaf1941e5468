"""DEP002: services that are to start before any cell can."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.words import rc_providers
from compiler.lint.context import Context
from compiler.lint.providers import rc_words
from compiler.lint.rule import Finding, Rule

#: Every service starts after this one, which logs what it says.
_AFTER = "syslogd"


def find(context: Context) -> Iterator[Finding]:
    known = rc_providers(context.ir.target)
    early = set(known[: known.index(_AFTER) + 1])
    for provider in rc_words(context, ("before",)):
        if provider.name in early:
            yield Finding(provider.span, f"no cell can start before `{provider.name}`")


RULE = Rule(
    code="DEP002",
    name="before-file-systems",
    title="service before the file systems",
    severity="error",
    why="""\
Cells start after `mountcritremote`, which mounts the file systems that hold programs, and
after `syslogd`, which logs what they say. A service that is to come before what those need
makes a circle.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    service {
        command "/usr/libexec/httpd";
        before NETWORKING;
    }
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    service {
        command "/usr/libexec/httpd";
        before LOGIN;
    }
}
""",
    remedy="cells come after syslogd; let the service come before something later",
    find=find,
)
