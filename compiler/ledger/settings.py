"""What enforces the settings of cells: steps of rc.d scripts, rlimits, mounts, fingerprints."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

from compiler.catalogue.words import DEVICE_NODES
from compiler.ir.ir import Request
from compiler.ir.levels import STRICT, veriexec_level
from compiler.ledger.facts import (
    BY_HAND,
    EACH_PROCESS,
    ENFORCE,
    HANDED,
    HANDLES,
    INTERPRETERS,
    LIMITS,
    MOUNTING,
    NODES,
    PERMISSIVE,
    REMOUNT,
)
from compiler.ledger.finding import Finding, Gap, Means, over
from compiler.ledger.host import veriexec
from compiler.ledger.world import TABLES_C, World, tables
from compiler.syntax import tree as t

_LIBEXEC = "libexec/cellpolicy"
#: Options of writable mounts, without and with `exec readonly`.
_WRITABLE = ("nosuid,nodev", "noexec,nosuid,nodev")
#: The level of veriexec(4) that refuses programs with another fingerprint, and the one
#: that refuses to open what has none.
_REFUSES, _LOCKDOWN = 1, 3

_OPENS = tuple(f"device.rawio_spec.{way}" for way in ("read", "write", "rw"))

#: What leads out of a root by itself.
_WAYS_OUT = {"system.filehandle": HANDLES, "system.chroot.fchroot": HANDED}

_OWN_USER = "leave it out: the kernel has no such count of a cell"

Cells = tuple[str, ...]


class Settings:
    """Makes the findings of a cell's settings; `cells` are those that have them, never none."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._strict = veriexec_level(world.ir.host)

    def root(self, node: t.Root, cells: Cells) -> Finding:
        by = [_script("cellexec -c ROOT", "cell_options", "-c")]
        if node.base is None:
            return self._by(cells, by, self._rooted)
        by += [
            _script("the base of the root", "cellbase="),
            _library("mount_null -o ro BASE ROOT", "cell_mount_root", "cell_root_options"),
            _library("writable copies of etc, var and the like", "cell_mount_overlay"),
        ]
        return self._by(cells, by, self._rooted_and_mounted)

    def user(self, node: t.User, cells: Cells) -> Finding:
        by = [_script("cellexec -u USER", "cell_options", "-u")]
        if node.group is not None:
            by.append(_script("cellexec -g GROUP", "cell_options", "-g"))
        if node.groups:
            by.append(_script("cellexec -G GROUP", "cell_options", "-G"))
        note = "a set-id program that the cell can execute runs as its own user"
        return self._by(cells, by, self._entered, [note])

    def mount(self, node: t.Mount, cells: Cells) -> Finding:
        mode = node.mode.text
        by = [_script(f"mounts it {mode}", "cell_mounts", f"cell_mount {mode}")]
        if mode == "ro":
            by.append(_mounted_with("ro,nosuid,nodev", "cell_mount"))
        else:
            read_only = {self._world.cells[c].exec_readonly for c in cells}
            by += [
                _mounted_with(_WRITABLE[strict], "cell_writable") for strict in sorted(read_only)
            ]
        return self._by(cells, by, self._mounted)

    def exec_readonly(self, cells: Cells) -> Finding:
        by = [
            _script("exec readonly", "cellreadonly=yes"),
            _library("writable mounts are noexec,nosuid,nodev", "cell_writable", _WRITABLE[True]),
        ]
        found = [self._world.cells[cell] for cell in cells]
        if any(cell.root is not None and cell.base is None for cell in found):
            by.append(_library("a root without a base is mounted read-only", "cell_mount_root"))
        return self._by(cells, by, self._read_only)

    def exec_hash(self, cells: Cells) -> Finding:
        gaps = []
        if self._strict < _REFUSES:
            why = f"the `host` block does not set {STRICT} to {_REFUSES} or more: veriexec(8)"
            remedy = f"set `sysctl {STRICT} = 1;` in `host`"
            gaps.append(Gap(f"{why} tells of another fingerprint, and lets it run", remedy=remedy))
        by = [
            Means("rc", f"{_LIBEXEC}/signatures/*", "veriexec entry", ("SHA256",)),
            _script("loads it if need be", "cell_fingerprints", "cell_fingerprint"),
            veriexec(self._strict),
        ]
        note = "needs a kernel with veriexec; only this file is tied to a fingerprint"
        return self._world.judge(by, gaps, [note])

    def devices(self, node: t.Devices, cells: Cells) -> Finding:
        nodes = [DEVICE_NODES[name.text] for name in node.names]
        notes = [f"{device.name}: {device.caution}" for device in nodes if device.caution]
        by = [
            _script("copies these nodes", "cell_devices", "cell_device_nodes"),
            _library("a tmpfs at /dev", "cell_device_nodes", "mount_tmpfs -o noexec,nosuid"),
        ]
        return self._by(cells, by, self._opened, notes)

    def hook(self, node: t.Hook, cells: Cells) -> Finding:
        note = "it runs as root outside of the cell: this policy does not bind it"
        step = _script(f"{node.when.text} hook", "cell_hooks", f"{node.when.text})")
        return self._by(cells, [step], _no_gaps, [note])

    def permissive(self, cells: Cells, scope: str) -> Finding:
        note = "denials of these cells are logged and not refused"
        by = tables("cells") if scope else Means("kmod", TABLES_C, "flag of the policy", ("flags",))
        return self._world.judge([by], notes=[note] if cells else [])

    def limit(self, node: t.Limit, cells: Cells) -> Finding:
        name = node.name.text
        if name == "processes":
            notes = ["zombies and threads are not counted"]
            return self._world.judge([tables("cells")], over(cells, self._counted), notes)
        fact = LIMITS.get(name, EACH_PROCESS)
        if fact.advisory:
            return self._world.judge([], [Gap(fact.advisory, remedy=fact.remedy)])
        by = [_script(f"cellexec -l {name}", "cell_options", f"-l {name}=")]
        if isinstance(node.amount, t.Name) and node.amount.text == "unlimited":
            return self._world.judge(by, notes=["the kernel module sets no ceiling"])
        by.append(tables("ceilings"))
        notes = [
            f"it counts {fact.counts}",
            "the kernel module refuses to raise it; a process keeps what it started with when"
            " the policy changes",
        ]
        return self._world.judge(by, over(cells, lambda c: self._limited(name, c)), notes)

    def command(self, node: t.Command, cells: Cells) -> Finding:
        if node.word == "healthcheck":
            note = (
                "once the cell is up it runs when somebody asks for `health`, and never by itself"
            )
            return self._by(cells, _HEALTH, _no_gaps, [note])
        return self._by(cells, [_script("start, under supervise", "cell_command")], _no_gaps)

    def order(self, node: t.Order, cells: Cells) -> Finding:
        note = "rcorder(8) keeps this order at boot and shutdown, not when started by hand"
        line = f"# {node.word.upper()}:"
        return self._by(cells, [_script(line, line)], _no_gaps, [note])

    def env(self, cells: Cells) -> Finding:
        step = _script("cellexec -e NAME=VALUE", "cell_options", "-e")
        return self._by(cells, [step], _no_gaps)

    def log(self, cells: Cells) -> Finding:
        step = _script("logger(1) of supervise", "cell_service")
        return self._by(cells, [step], _no_gaps)

    def restart(self, cells: Cells) -> Finding:
        step = _script("restart by supervise", "cell_service")
        return self._by(cells, [step], _no_gaps)

    def manual(self, cells: Cells) -> Finding:
        by = [Means("rc", "rc.conf.d/cell_*", "not started at boot", (":=NO",))]
        return self._by(cells, by, _no_gaps, ["/etc/rc.conf may say otherwise"])

    # Gaps of one cell

    def _entered(self, cell: str) -> Iterator[Gap]:
        if self._world.cells[cell].service is None:
            yield BY_HAND

    def _mounted(self, cell: str) -> Iterator[Gap]:
        actions = ("system.mount.update", "system.mount.unmount")
        if any(self._world.may(cell, action) for action in actions):
            yield REMOUNT

    def _rooted(self, cell: str) -> Iterator[Gap]:
        yield from self._entered(cell)
        yield from self._made(cell)
        for action, gap in _WAYS_OUT.items():
            if self._world.may(cell, action):
                yield gap

    def _rooted_and_mounted(self, cell: str) -> Iterator[Gap]:
        yield from self._rooted(cell)
        yield from self._mounted(cell)

    def _made(self, cell: str) -> Iterator[Gap]:
        """Device nodes work where it may write and no mount says nodev; one of its own need not."""
        found = self._world.cells[cell]
        may = self._world.may
        if not any(may(cell, action) for action in _OPENS):
            return
        mounts = may(cell, "system.mount.new")
        loose = bool(found.devices) or (found.base is None and not found.exec_readonly)
        if (loose or mounts) and may(cell, "system.mknod"):
            yield NODES
        if mounts:
            yield MOUNTING

    def _read_only(self, cell: str) -> Iterator[Gap]:
        if self._world.cells[cell].root is None:
            why = "without a root nothing is mounted, so no mount has options"
            yield Gap(why, remedy="give the cell a `root`")
        elif self._strict < _LOCKDOWN:
            yield INTERPRETERS
        yield from self._mounted(cell)

    def _opened(self, cell: str) -> Iterator[Gap]:
        denied = [action for action in _OPENS if self._world.denies(Request(cell, action))]
        if denied:
            why = f"a rule denies to open them: {', '.join(denied)}"
            yield Gap(why, "refuses more", "allow device.rawio_spec, or list no devices")
        yield from self._made(cell)
        yield from self._mounted(cell)

    def _counted(self, cell: str) -> Iterator[Gap]:
        if cell in self._world.permissive:
            yield Gap(PERMISSIVE, remedy=ENFORCE)

    def _limited(self, name: str, cell: str) -> Iterator[Gap]:
        fact = LIMITS.get(name, EACH_PROCESS)
        if fact.bypass and self._world.may(cell, "process.rlimit.bypass"):
            why = "root exceeds it where process.rlimit.bypass is allowed"
            yield Gap(why, "lets more through", "deny process.rlimit.bypass")
        if fact.per_user:
            why = "the kernel counts for each user id over the whole host, in all cells together"
            yield Gap(why, "refuses more", fact.remedy or _OWN_USER)
        if cell in self._world.permissive and self._world.may(cell, "process.rlimit.set"):
            why = "permissive: root may raise it, which is logged and not refused"
            if self._world.is_root(cell):
                yield Gap(why, "lets more through", ENFORCE)

    def _by(
        self,
        cells: Cells,
        by: list[Means],
        gaps: Callable[[str], Iterable[Gap]],
        notes: Iterable[str] = (),
    ) -> Finding:
        return self._world.judge(by, over(cells, gaps), notes)


def _no_gaps(cell: str) -> Iterable[Gap]:
    return ()


@functools.cache
def _script(what: str, *parts: str) -> Means:
    """A step of the cell's script: a function there, and words in it."""
    return Means("rc", "rc.d/cell_*", what, parts)


@functools.cache
def _library(what: str, *parts: str) -> Means:
    """A step that every script shares."""
    return Means("rc", f"{_LIBEXEC}/mount.subr", what, parts)


#: A start is undone when the check does not succeed in time.
_HEALTH = [
    _script("start and health", "cell_healthcheck"),
    Means("rc", f"{_LIBEXEC}/cell.subr", "start waits for it", ("cell_steps", "cell_settled")),
]


def _mounted_with(options: str, function: str) -> Means:
    return _library(f"mount_null -o {options}", function, options)
