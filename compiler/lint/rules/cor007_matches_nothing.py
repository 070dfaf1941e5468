"""COR007: groups and patterns that match nothing."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="COR007",
    name="matches-nothing",
    title="group or pattern that matches nothing",
    severity="warning",
    why="Rules and assertions about an empty group hold, but say nothing.",
    bad="""\
cell shop-a { profile confined; }

group shops = { shops-* };

assert never shops process.* to host;
""",
    good="""\
cell shop-a { profile confined; }

group shops = { shop-* };

assert never shops process.ptrace to host;
""",
    remedy="correct the pattern, or remove it",
    find=None,
)
