"""COR008: actions that no kernel code of the target asks about."""

from __future__ import annotations

from compiler.lint.rule import Rule

RULE = Rule(
    code="COR008",
    name="never-asked",
    title="action that the kernel never asks about",
    severity="warning",
    why="The identifier exists, but no kernel code of the target makes this request.",
    bad="""\
cell web {
    profile low;
    deny system.chsysflags;
}
""",
    good="""\
cell web {
    profile confined;
    deny vnode.write_flags;
}
""",
    remedy="the kernel decides this by other requests; find them with `cellc query`",
    find=None,
)
