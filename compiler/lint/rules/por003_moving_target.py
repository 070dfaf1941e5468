"""POR003: policies for `current`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    for placed in context.own(t.Header):
        node = placed.node
        if isinstance(node, t.Header) and node.word == "target" and context.ir.target == "current":
            yield Finding(node.span, "`current` is no release: what it asks changes")


RULE = Rule(
    code="POR003",
    name="moving-target",
    title="target that is not a release",
    severity="note",
    why="""\
What `current` asks changes from week to week, and with it what the policy means. Nobody can
say later which kernel it was written for.""",
    bad="""\
policy example;
target netbsd current;
cell web { profile confined; }
""",
    good="""\
policy example;
target netbsd 11.0;
cell web { profile confined; }
""",
    remedy="name a release, unless the host does follow current",
    find=find,
)
