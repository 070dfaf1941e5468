"""By what subjects influence each other directly: process rights, files, IPC, ports, hooks, powers.

Everything here is read off the folded policy, for sets of subjects at once.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Literal

from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.frame import ON_HOST, OWN, Frame, port_ranges
from compiler.analysis.paths import Below, overlap, upwards
from compiler.analysis.stack import Stack
from compiler.analysis.wording import span
from compiler.catalogue.actions import Leaf
from compiler.ir.ir import PROTOCOLS, Cell
from compiler.lowering.space import members
from compiler.record import NamedTuple

#: Leaves whose objects two cells share when neither is denied them.
_SHARED = ("system.sysvipc.bypass", "system.semaphore", "system.mqueue")

#: Grants as good as root that stay inside the cell, or need what is given to none: a device
#: node that `devices` does not know, or files on LFS.
_INSIDE = (
    "generic.issuser",
    "system.chroot.chroot",
    "system.setidcore",
    "system.sysvipc.bypass",
    "system.veriexec.modify",
    "system.devmapper",
    "system.lfs.markv",
    "system.lfs.fcntl",
    "device.rawio_spec.read",
    "device.rawio_spec.write",
    "device.rawio_spec.rw",
)

#: Directories that root on the host runs programs of, or takes its orders from (hier(7)).
_OF_ROOT = (
    "/bin",
    "/boot",
    "/etc/cellpolicy",
    "/etc/rc.conf.d",
    "/etc/rc.d",
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
)

#: Programs that run the files they are given.
_INTERPRETERS = ("awk", "csh", "doas", "env", "ksh", "nice", "perl", "python", "sh", "su", "sudo")


class Edge(NamedTuple):
    """Subjects (bits of a frame) that may influence others, and by what."""

    sources: int
    targets: int
    """A subject's own bit means nothing."""
    by: str
    rule: int | None = None


#: Of what kind an influence is, the most telling first.
EdgeKind = Literal["process", "files", "ipc", "ports", "hooks", "powers"]


def by_kind(decisions: Decisions) -> dict[EdgeKind, Iterator[Edge]]:
    """Every direct influence but that of root on the host."""
    stack = Stack(decisions.ir)
    return {
        "process": _process(decisions, stack),
        "files": _files(decisions, stack),
        "ipc": _ipc(decisions),
        "ports": _ports(decisions, stack),
        "hooks": _hooks(decisions),
        "powers": _powers(decisions, stack),
    }


def edges(decisions: Decisions) -> Iterator[Edge]:
    """Every direct influence, the most telling first."""
    for found in by_kind(decisions).values():
        yield from found
    frame = decisions.frame
    yield Edge(frame.root, frame.everybody, "root on the host may do anything")


def _of(decisions: Decisions, names: Iterable[str], subjects: int = -1) -> Iterator[Decided]:
    """The decisions on some leaves, of everybody but root on the host."""
    frame = decisions.frame
    actions = sum(frame.leaf_bits.get(name, 0) for name in names)
    for box in frame.everything(subjects & ~frame.root):
        if box.actions & actions:
            yield from decisions.of(box._replace(actions=box.actions & actions))


def _allowed(decisions: Decisions, *names: str) -> Iterator[Decided]:
    return (row for row in _of(decisions, names) if row.effect != "deny")


def _process(decisions: Decisions, stack: Stack) -> Iterator[Edge]:
    """Rights that change a process of another cell; with those of root, root's on the host."""
    frame = decisions.frame
    changing = [leaf.name for leaf in frame.leaves if leaf.influence]
    as_root = frame.subject_bits(stack.as_root)
    for row in _allowed(decisions, *changing):
        targets = row.box.targets & ~OWN
        if not targets:
            continue
        by = frame.leaves[next(members(row.box.actions))].name
        yield Edge(row.box.subjects, targets, by, row.rule)
        if targets & ON_HOST and row.box.subjects & as_root:
            yield Edge(row.box.subjects & as_root, frame.root, by, row.rule)


def _files(decisions: Decisions, stack: Stack) -> Iterator[Edge]:
    """Cells that write where others read, and where root on the host does."""
    frame = decisions.frame
    rootless = frame.subject_bits(c.name for c in decisions.ir.cells if c.root is None)
    cells = frame.subject_bits(c.name for c in decisions.ir.cells)
    if rootless:
        why = "files: not both have a root of their own"
        yield Edge(cells, rootless, why)
        yield Edge(rootless, cells, why)
        if powerful := rootless & frame.subject_bits(stack.as_root):
            yield Edge(powerful, frame.root, "files: runs as root and has no root of its own")
    seen: dict[str, int] = {}
    for cell in decisions.ir.cells:
        for path in _seen(cell):
            seen[path] = seen.get(path, 0) | frame.bits[cell.name]
    below = Below(seen)
    for cell in decisions.ir.cells:
        own = frame.bits[cell.name]
        for path in _written(cell):
            targets = below.touching(path) & ~own
            if targets:
                yield Edge(own, targets, f"files below {path}")
            for place in _OF_ROOT:
                if overlap(path, place):
                    yield Edge(own, frame.root, f"files below {path}, which root on the host uses")
                    break


def _written(cell: Cell) -> Iterator[str]:
    """Where a cell with a root may write."""
    if cell.root is not None:
        yield from (mount.source for mount in cell.mounts if mount.mode == "rw")
        yield _own(cell.root, cell.base)


def _seen(cell: Cell) -> Iterator[str]:
    """Where a cell with a root reads."""
    if cell.root is not None:
        yield from (mount.source for mount in cell.mounts)
        yield _own(cell.root, cell.base)
        yield cell.root
        if cell.base is not None:
            yield cell.base


def _own(root: str, base: str | None) -> str:
    """Where a cell's own files lie; on a base, rc.d keeps them beside the root."""
    return root if base is None else f"{root}.overlay"


def _ipc(decisions: Decisions) -> Iterator[Edge]:
    """Objects of System V and POSIX IPC belong to users of the host, whatever their cell."""
    frame = decisions.frame
    cells = frame.everybody & ~frame.root & ~ON_HOST
    for action in _SHARED:
        sharing = 0
        for row in _allowed(decisions, action):
            sharing |= row.box.subjects & cells
        if sharing & (sharing - 1):
            yield Edge(sharing, sharing, action)


def _ports(decisions: Decisions, stack: Stack) -> Iterator[Edge]:
    """Ports that a rule names for one subject and that another may take first."""
    frame = decisions.frame
    bindable: list[tuple[Box, Decided]] = []
    for row in _allowed(decisions, "network.bind.port", "network.bind.privport"):
        for outcome, box in stack.outcomes(row, frame):
            ports = box.ports & ~1
            if outcome.result != "refused" and ports:
                bindable.append((box._replace(ports=ports), row))
    ir = decisions.ir
    named = [
        (box, row)
        for box, row in bindable
        if row.rule is not None
        and not ir.rules[row.rule].listen
        and ir.rules[row.rule].requests.ports is not None
    ]
    for theirs, _ in named:
        lone = theirs.subjects if not theirs.subjects & (theirs.subjects - 1) else 0
        for protocol in members(theirs.protocols):
            sources = ports = 0
            for ours, _ in bindable:
                shared = theirs.ports & ours.ports
                if shared and ours.subjects != lone and ours.protocols >> protocol & 1:
                    sources |= ours.subjects
                    ports = ports or shared
            if sources & ~lone:
                first = span(*port_ranges(ports & -ports)[0])
                by = f"may take {PROTOCOLS[protocol]} port {first} first"
                yield Edge(sources, theirs.subjects, by)


def _hooks(decisions: Decisions) -> Iterator[Edge]:
    """Hooks run as root on the host: whoever may write what they run or read is root there."""
    frame = decisions.frame
    writers: dict[str, int] = {}
    for cell in decisions.ir.cells:
        for path in _written(cell):
            writers[path] = writers.get(path, 0) | frame.bits[cell.name]
    for cell in decisions.ir.cells:
        for hook in cell.hooks:
            for word in run_by(hook.argv):
                sources = 0
                for directory in upwards(posixpath.normpath(word)):
                    sources |= writers.get(directory, 0)
                if sources:
                    by = f"writes {word}, which the {hook.when} hook of {cell.name} runs"
                    yield Edge(sources, frame.root, by)


def run_by(argv: tuple[str, ...]) -> Iterator[str]:
    """The files that a command runs, or may run where it is an interpreter."""
    name = posixpath.basename(argv[0]).rstrip("0123456789.")
    words = argv if name in _INTERPRETERS else argv[:1]
    return (word for word in words if word.startswith("/"))


def powers(frame: Frame) -> list[Leaf]:
    """Leaves that change the host as a whole."""
    return [
        leaf
        for leaf in frame.leaves
        if leaf.rootlike and leaf.asked and leaf.scope != "process" and leaf.name not in _INSIDE
    ]


def _powers(decisions: Decisions, stack: Stack) -> Iterator[Edge]:
    """Powers over the host as a whole, where they work for the cell's user."""
    frame = decisions.frame
    names = [leaf.name for leaf in powers(frame)]
    cells = frame.everybody & ~frame.root & ~ON_HOST
    for row in _of(decisions, names, cells):
        if row.effect == "deny":
            continue
        for outcome, box in stack.outcomes(row, frame):
            given = any(b.vote == "allow" for b in outcome.ballots)
            if outcome.result == "works" or (outcome.result == "depends" and given):
                leaf = frame.leaves[next(members(box.actions))]
                yield Edge(
                    box.subjects, frame.root, f"{leaf.name}: {leaf.rootlike_reason}", row.rule
                )
