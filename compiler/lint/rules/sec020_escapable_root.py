"""SEC020: cells that run as root and keep a power that undoes their root directory."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Request
from compiler.lint.context import Context
from compiler.lint.outcomes import works
from compiler.lint.rule import Finding, Rule

#: Not chroot(2): whoever is outside of the new root afterwards is moved into it, and `..` ends
#: at it (`change_root` in sys/kern/vfs_syscalls.c, lookup in sys/kern/vfs_lookup.c).
_ESCAPES = (
    "system.chroot.fchroot",
    "system.filehandle",
    "system.mknod",
    "system.mount.new",
)


def find(context: Context) -> Iterator[Finding]:
    for cell in context.cells:
        if cell.enforced.root is None or not cell.is_root:
            continue
        kept = [action for action in _ESCAPES if works(context, Request(cell.name, action))]
        if kept:
            names = ", ".join(f"`{action}`" for action in kept)
            yield Finding(cell.span, f"`{cell.name}` is root and can leave its root by {names}")


RULE = Rule(
    code="SEC020",
    name="escapable-root",
    title="root directory that can be left",
    severity="warning",
    why="""\
A root directory does not hold a process of root that may make device nodes, mount (kernfs has
nodes of the host's disks), open the host's file handles, or fchroot(2) to a directory that
another process hands it. The rest of the policy still holds, but the cell sees every file of
the host. To call chroot(2) again is no way out: NetBSD lets nobody go above the new root.""",
    bad="""\
cell web {
    profile low;
    root "/var/cells/web";
}
""",
    good="""\
cell web {
    profile low;
    root "/var/cells/web";
    user "www";
}
""",
    remedy="run it as a user, or deny these (`profile confined` does)",
    find=find,
)
