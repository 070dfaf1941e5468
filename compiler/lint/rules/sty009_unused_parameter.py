"""STY009: parameters that nothing in their template uses."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.record import field_names
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Template):
        node = placed.node
        if isinstance(node, t.Template):
            used = set(_names(node.body))
            for parameter in node.parameters:
                if parameter.name.text not in used:
                    yield Finding(
                        parameter.name.span,
                        f"the template `{node.name.text}` does not use `{parameter.name.text}`",
                    )


def _names(part: object) -> Iterator[str]:
    """Every name in a part of a tree; words of the language are none."""
    if isinstance(part, t.Name):
        yield part.text
    elif isinstance(part, tuple):
        for one in part:
            yield from _names(one)
    elif isinstance(part, t.Statement):
        yield from _names(part.shared)
    else:
        for field in field_names(type(part)):
            yield from _names(getattr(part, field))


RULE = Rule(
    code="STY009",
    name="unused-parameter",
    title="parameter that its template ignores",
    severity="warning",
    why="Whoever passes an argument expects it to matter.",
    bad="""\
template tenant(owner: user, port: port) extends confined {
    user owner;
}
cell web { use tenant("www", 8080); }
""",
    good="""\
template tenant(owner: user, port: port) extends confined {
    user owner;
    listen tcp port;
    limits { processes 64; }
}
cell web { use tenant("www", 8080); }
test "the tenant has its port" { allow web network.bind tcp port 8080; }
assert only web network.bind tcp port 8080;
""",
    remedy="use the parameter, or remove it and the arguments for it",
    find=find,
)
