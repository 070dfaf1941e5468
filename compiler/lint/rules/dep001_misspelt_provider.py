"""DEP001: providers of rc.d that look misspelt."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.words import rc_providers
from compiler.diagnostics import nearest
from compiler.lint.context import Context
from compiler.lint.providers import rc_words
from compiler.lint.rule import Finding, Rule

#: How much a word must be like a known provider to be taken for a misspelling of it.
_LIKENESS = 0.8


def find(context: Context) -> Iterator[Finding]:
    known = rc_providers(context.ir.target)
    for provider in rc_words(context):
        if provider.name not in known and (help := nearest(provider.name, known, _LIKENESS)):
            yield Finding(
                provider.span,
                f"no rc.d script of the base system provides `{provider.name}`",
                help,
            )


RULE = Rule(
    code="DEP001",
    name="misspelt-provider",
    title="provider that looks misspelt",
    severity="warning",
    why="""\
rcorder(8) only warns about a word that nothing provides, and starts the service at some time.
Packages bring their own providers, so only words much like a known one are reported.""",
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
    remedy="correct the word",
    find=find,
)
