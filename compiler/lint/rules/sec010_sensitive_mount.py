"""SEC010: writable mounts of what the host itself is made of."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule

#: Directories of hier(7) that hold what the host's root trusts.
_SYSTEM = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/libexec",
    "/rescue",
    "/root",
    "/sbin",
    "/stand",
    "/usr/bin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/pkg/bin",
    "/usr/pkg/lib",
    "/usr/pkg/sbin",
    "/usr/sbin",
    "/var/cron",
    "/var/run",
)
#: Directories that hold these.
_ABOVE = ("/", "/usr", "/usr/pkg", "/var")


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        for body in cell.written.bodies:
            for mount in body.mounts:
                if mount.mode == "rw" and (mount.source in _SYSTEM or mount.source in _ABOVE):
                    message = f"`{cell.name}` can write `{mount.source}` of the host"
                    yield Finding(mount.span, message)


RULE = Rule(
    code="SEC010",
    name="sensitive-mount",
    title="writable mount of a system directory",
    severity="warning",
    why="""\
Who can write these directories of the host can replace what its root runs or reads.""",
    bad="""\
cell backup {
    profile confined;
    root "/var/cells/backup";
    exec readonly;
    mount rw "/etc" at "/mnt/etc";
}
""",
    good="""\
cell backup {
    profile confined;
    root "/var/cells/backup";
    mount ro "/etc" at "/mnt/etc";
}
""",
    remedy="mount it `ro`, or a directory below it that is made for this cell",
    find=find,
)
