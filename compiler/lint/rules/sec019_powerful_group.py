"""SEC019: cells that run with a group of the host's administration."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

#: Groups of /etc/group, with their numbers, and what they are for (group(5), su(1), mem(4)).
_GROUPS = {
    "wheel": "who may become root",
    "0": "who may become root",
    "kmem": "who read kernel memory",
    "2": "who read kernel memory",
    "operator": "who read raw disks",
    "5": "who read raw disks",
}


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        users = [body.user for body in cell.written.bodies if body.user is not None]
        for user in users[-1:]:
            for group in (user.group, *user.groups):
                if group in _GROUPS and not cell.is_root:
                    message = f"`{group}` is the group of those {_GROUPS[group]}"
                    yield Finding(user.span, message)


RULE = Rule(
    code="SEC019",
    name="powerful-group",
    title="group that hands out more",
    severity="warning",
    why="""\
Members of these groups read raw disks and kernel memory, become root with su(1), or shut
the system down.""",
    bad="""\
cell backup {
    profile confined;
    user "backup" group "operator";
}
""",
    good="""\
cell backup {
    profile confined;
    user "backup" group "backup";
}
""",
    remedy="use a group of the service's own",
    find=find,
)
