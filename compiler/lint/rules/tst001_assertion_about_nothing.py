"""TST001: assertions about requests that the kernel never makes."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="TST001",
    name="assertion-about-nothing",
    title="assertion about nothing",
    severity="warning",
    why="The kernel makes no request that the assertion is about, so it always holds.",
    bad="""\
cell web {
    profile confined;
}

assert never web network.bind.privport tcp port 8080;
""",
    good="""\
cell web {
    profile confined;
    deny network.bind tcp port 8080;
}

assert never web network.bind tcp port 8080;
""",
    remedy="ask about a request that the kernel makes, or remove it",
    find=None,
)
