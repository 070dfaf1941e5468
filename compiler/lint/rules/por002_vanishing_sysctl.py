"""POR002: sysctl nodes that are gone in the next release."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.actions import RELEASES
from compiler.catalogue.sysctl import releases_with
from compiler.lint.context import Context
from compiler.lint.guards import is_guarded
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for release in RELEASES[RELEASES.index(context.ir.target) + 1 :][:1]:
        for placed in context.of(t.Sysctl):
            node = placed.node
            if not isinstance(node, t.Sysctl) or is_guarded(context, node.span):
                continue
            if release not in releases_with(node.name.text):
                message = f"netbsd {release} has no node `{node.name.text}`"
                help = f"put it under `when target < {release}`"
                yield Finding(node.name.span, message, help)


RULE = Rule(
    code="POR002",
    name="vanishing-sysctl",
    title="node that the next release does not have",
    severity="note",
    why="""\
After an upgrade the policy will not compile, or on the host the line would be refused.""",
    bad="""\
policy example;
target netbsd 9.4;
cell web { profile confined; }
host {
    securelevel 1;
    sysctl net.inet6.ip6.accept_rtadv = 0;
}
""",
    good="""\
policy example;
target netbsd 9.4;
cell web { profile confined; }
host {
    securelevel 1;
    when target < 10.0 {
        sysctl net.inet6.ip6.accept_rtadv = 0;
    }
}
""",
    remedy="put it under `when target < VERSION`",
    find=find,
)
