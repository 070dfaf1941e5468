"""DEP001: providers of rc.d that the base system lacks."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.rcorder import rc_providers
from compiler.diagnostics import nearest
from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

_PACKAGE = (
    "if a package provides it, say so at the end of the line: "
    "`# cellc: ignore DEP001 -- from PACKAGE`"
)


def find(context: Context) -> Iterator[Finding]:
    known = rc_providers(context.ir.target)
    for cell, service in context.services():
        named = {p.name for p in (*service.require, *service.before) if p.kind == "rc"}
        unknown = named.difference(known)
        if not unknown:
            continue
        written = [body.service for body in cell.written.bodies if body.service is not None][-1]
        for provider in (*written.require, *written.before):
            name = provider.name
            if provider.kind != "rc" or name not in unknown:
                continue
            help = nearest(name, known) or _PACKAGE
            if name in context.cell_by_name:
                help = f"write `cell {name}` to be ordered against the cell"
            message = f"no rc.d script of the base system provides `{name}`"
            yield Finding(provider.span, message, help)


RULE = Rule(
    code="DEP001",
    name="unknown-provider",
    title="provider that the base system lacks",
    severity="error",
    why="""\
rcorder(8) only warns about a word that nothing provides, and starts the service at some time.
The words of the base system are known for each release. Packages bring their own: a comment that
ignores this finding says which package does.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    service {
        command "/usr/libexec/httpd";
        require NETWORKNG;
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
        require NETWORKING;
    }
}
""",
    remedy="correct the word, or say in a comment which package provides it",
    find=find,
)
