"""COR014: grants that another security model overrules."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.outcomes import remarked
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for rule, remarks in remarked(context, "grant"):
        if remarks == {"powerless grant"}:
            message = "the host refuses this whatever the policy grants"
            yield Finding(context.rule_span(rule), message)


RULE = Rule(
    code="COR014",
    name="powerless-grant",
    title="grant that is refused all the same",
    severity="warning",
    why="""\
A deny of any listener outweighs every grant. The securelevel of the host, or one of its
settings, refuses these requests to everybody.""",
    bad="""\
cell keys {
    profile confined;
    @reason "loads the driver of its token"
    grant system.module;
}
test "it loads modules" { grant keys system.module refused; }
host {
    securelevel 1;
}
""",
    good="""\
cell keys {
    profile confined;
    user "keys";
    @reason "mounts its token"
    grant system.mount.new;
}
test "it mounts" { grant keys system.mount.new; }
host {
    securelevel 1;
}
""",
    remedy="remove the grant, or change the setting that refuses it",
    find=find,
)
