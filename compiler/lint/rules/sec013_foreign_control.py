"""SEC013: rules that let a cell trace or control processes outside of it, without `@reason`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

_CONTROL = ("process.ptrace", "process.procfs", "process.ktrace")


def find(context: Context) -> Iterator[Finding]:
    for rule in context.rules.values():
        if rule.meaning.effect == "deny" or rule.meaning.notes.reason is not None:
            continue
        controls = any(action.startswith(_CONTROL) for action in rule.meaning.actions)
        own = ("self", rule.scope.removeprefix("cell "))
        to = rule.meaning.to
        if controls and (to is None or to.exclude or not set(to.members).issubset(own)):
            yield Finding(rule.span, "this lets the cell control processes outside of it")


RULE = Rule(
    code="SEC013",
    name="foreign-control",
    title="control over the processes of others",
    severity="warning",
    why="""\
Who may trace a process, or write its memory by procfs, is that process. A cell that may do
so to another one, or to the host, has its powers too.""",
    bad="""\
cell debug {
    profile low;
    allow process.ptrace to web;
}
cell web { profile confined; }
""",
    good="""\
cell debug {
    profile low;
    @reason "crash dumps of web are taken from here" @owner "web team"
    allow process.ptrace to web;
}
cell web { profile confined; }
""",
    remedy="narrow it with `to self`, or say why with `@reason`",
    find=find,
)
