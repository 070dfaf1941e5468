"""SEC001: what is permissive is not protected."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    whole = context.policy.permissive
    if whole is not None:
        yield Finding(whole, "the whole policy is permissive: denials are logged and not enforced")
    for cell in context.cells:
        spans = [body.permissive for body in cell.written.bodies if body.permissive]
        if spans:
            message = f"`{cell.name}` is permissive: its denials are logged and not enforced"
            yield Finding(spans[-1], message)


RULE = Rule(
    code="SEC001",
    name="permissive",
    title="permissive cell or policy",
    severity="note",
    why="Denials are logged but not enforced, to find out what a service needs.",
    bad="""\
cell web {
    profile confined;
    permissive;
}
""",
    good="""\
cell web {
    profile confined;
}
""",
    remedy="remove it before you rely on the policy",
    find=find,
)
