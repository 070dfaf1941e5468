"""STY016: names with capitals or underscores."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Let, t.Profile, t.Template, t.Cell, t.Group):
        node = placed.node
        if isinstance(node, (t.Let, t.Profile, t.Template, t.Cell, t.Group)):
            name = node.name.text
            if name != name.lower() or "_" in name:
                better = name.lower().replace("_", "-")
                yield Finding(node.name.span, f"`{name}` would be `{better}` in the usual style")


RULE = Rule(
    code="STY016",
    name="name-style",
    title="name in another style than the language's",
    severity="note",
    why="""\
The words of the language are in lower case with hyphens. In scripts `-` becomes `_`, so
names that differ in it alone collide.""",
    bad="""\
let Web_Port = 8080;
cell web {
    profile confined;
    deny network.bind tcp port Web_Port;
}
""",
    good="""\
let web-port = 8080;
cell web {
    profile confined;
    deny network.bind tcp port web-port;
}
""",
    remedy="""\
use lower case and hyphens; a cell that runs keeps its id only under its name, so rename it
when it is down""",
    find=find,
)
