"""COR009: two rules of a layer that say the same."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="COR009",
    name="duplicate-rule",
    title="duplicate rule",
    severity="warning",
    why="Two rules of one layer match the same requests and decide them alike.",
    bad="""\
cell web {
    profile confined;
    deny process.signal to {host, self};
    deny process.signal to {self, host};
}
""",
    good="""\
cell web {
    profile confined;
    deny process.signal to {host, self};
}
""",
    remedy="remove one of them",
    find=None,
)
