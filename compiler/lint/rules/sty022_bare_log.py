"""STY022: `log` without words."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Log):
        if isinstance(placed.node, t.Log) and not placed.node.words:
            yield Finding(placed.span, "this `log` says nothing: a service logs so without it")


RULE = Rule(
    code="STY022",
    name="bare-log",
    title="`log` without words",
    severity="note",
    why="""\
Without words it changes nothing: what a service prints goes to syslog in any case, with the
facility daemon and the cell's name. It is what is left of something, or was never finished.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    service {
        command "/usr/libexec/httpd";
        log;
    }
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    service {
        command "/usr/libexec/httpd";
        log facility local3;
    }
}
""",
    remedy="remove it, or say what is to be otherwise",
    find=find,
)
