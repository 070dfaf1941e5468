"""What enforces the settings of cells: steps of rc.d scripts, rlimits, mounts, fingerprints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from compiler.catalogue.sysctl import canonical, integer
from compiler.catalogue.words import DEVICE_NODES
from compiler.ir.ir import Request
from compiler.ledger.facts import (
    BY_HAND,
    EACH_PROCESS,
    INTERPRETERS,
    LIMITS,
    PERMISSIVE,
    REMOUNT,
)
from compiler.ledger.finding import Finding, Gap, Means, over
from compiler.ledger.world import World, tables
from compiler.syntax import tree as t

_STRICT = "kern.veriexec.strict"
#: The level of veriexec(4) that refuses programs with another fingerprint, and the one
#: that refuses to open what has none.
_REFUSES, _LOCKDOWN = 1, 3

Cells = tuple[str, ...]


class Settings:
    """Makes the findings of a cell's settings; `cells` are those that have them, never none."""

    def __init__(self, world: World) -> None:
        self._world = world
        values = {canonical(s.name): s.value for s in world.ir.host.sysctls}
        self._strict = integer(values.get(_STRICT, "0")) or 0

    def root(self, node: t.Root, cells: Cells) -> Finding:
        steps = ["cellexec -c ROOT"]
        if node.base is not None:
            steps.append("mount_null -o ro BASE ROOT, and writable copies of etc, var and the like")
        gaps = self._entered if node.base is None else self._entered_and_mounted
        return self._by_script(cells, steps, gaps)

    def user(self, node: t.User, cells: Cells) -> Finding:
        step = "cellexec -u USER" + (" -g GROUP" if node.group is not None else "")
        note = "a set-id program that the cell can execute runs as its own user"
        return self._by_script(cells, [step], self._entered, [note])

    def mount(self, node: t.Mount, cells: Cells) -> Finding:
        options = "ro,nosuid,nodev" if node.mode.text == "ro" else "nosuid,nodev"
        if node.mode.text == "rw" and any(self._world.cells[c].exec_readonly for c in cells):
            options = "nosuid,nodev, and noexec under `exec readonly`"
        return self._by_script(cells, [f"mount_null -o {options}"], self._mounted)

    def exec_readonly(self, cells: Cells) -> Finding:
        steps = [
            "mount options noexec,nosuid,nodev of all writable mounts",
            "a root without a base mounted read-only",
        ]
        return self._by_script(cells, steps, self._read_only)

    def exec_hash(self, cells: Cells) -> Finding:
        gaps = []
        if self._strict < _REFUSES:
            why = f"the `host` block does not set {_STRICT} to {_REFUSES} or more: veriexec(8)"
            gaps.append(Gap(f"{why} tells of another fingerprint, and lets it run"))
        by = [
            Means("rc", f"libexec/cellpolicy/signatures/{_one(cells)}", "veriexec entry"),
            Means("sysctl", "rc.conf.d/veriexec", f"{_STRICT}={self._strict}"),
        ]
        note = "needs a kernel with veriexec; only this file is tied to a fingerprint"
        return self._world.judge(by, gaps, [note])

    def devices(self, node: t.Devices, cells: Cells) -> Finding:
        nodes = [DEVICE_NODES[name.text] for name in node.names]
        notes = [f"{device.name}: {device.caution}" for device in nodes if device.caution]
        steps = ["a tmpfs at /dev, noexec,nosuid, with copies of these nodes"]
        return self._by_script(cells, steps, self._opened, notes)

    def hook(self, node: t.Hook, cells: Cells) -> Finding:
        note = "it runs as root outside of the cell: this policy does not bind it"
        return self._by_script(cells, [f"{node.when.text} hook"], _no_gaps, [note])

    def permissive(self, cells: Cells) -> Finding:
        note = "denials of these cells are logged and not refused"
        return self._world.judge([tables("cells")], notes=[note] if cells else [])

    def limit(self, node: t.Limit, cells: Cells) -> Finding:
        name = node.name.text
        if name == "processes":
            notes = ["zombies and threads are not counted"]
            return self._world.judge([tables("cells")], over(cells, self._counted), notes)
        fact = LIMITS.get(name, EACH_PROCESS)
        if fact.advisory:
            return self._world.judge([], [Gap(fact.advisory)])
        by = [_script(cells, f"cellexec -l {name}"), tables("ceilings")]
        notes = [
            f"it counts {fact.counts}",
            "the kernel module refuses to raise it; a process keeps what it started with when"
            " the policy changes",
        ]
        return self._world.judge(by, over(cells, lambda c: self._limited(name, c)), notes)

    def command(self, node: t.Command, cells: Cells) -> Finding:
        if node.word == "healthcheck":
            note = "it runs when somebody asks for `health`, and nothing else does"
            return self._by_script(cells, ["health"], _no_gaps, [note])
        return self._by_script(cells, ["start, under supervise"], _no_gaps)

    def order(self, node: t.Order, cells: Cells) -> Finding:
        note = "rcorder(8) keeps this order at boot and shutdown, not when started by hand"
        return self._by_script(cells, [f"# {node.word.upper()}:"], _no_gaps, [note])

    def env(self, cells: Cells) -> Finding:
        return self._by_script(cells, ["cellexec -e NAME=VALUE"], _no_gaps)

    def log(self, cells: Cells) -> Finding:
        return self._by_script(cells, ["logger(1) of supervise"], _no_gaps)

    def restart(self, cells: Cells) -> Finding:
        return self._by_script(cells, ["restart by supervise"], _no_gaps)

    # Gaps of one cell

    def _entered(self, cell: str) -> Iterator[Gap]:
        if self._world.cells[cell].service is None:
            yield BY_HAND

    def _mounted(self, cell: str) -> Iterator[Gap]:
        actions = ("system.mount.update", "system.mount.unmount")
        if any(self._world.may(cell, action) for action in actions):
            yield REMOUNT

    def _entered_and_mounted(self, cell: str) -> Iterator[Gap]:
        yield from self._entered(cell)
        yield from self._mounted(cell)

    def _read_only(self, cell: str) -> Iterator[Gap]:
        if self._world.cells[cell].root is None:
            yield Gap("without a root nothing is mounted, so no mount has options")
        elif self._strict < _LOCKDOWN:
            yield INTERPRETERS
        yield from self._mounted(cell)

    def _opened(self, cell: str) -> Iterator[Gap]:
        actions = [f"device.rawio_spec.{way}" for way in ("read", "write", "rw")]
        denied = [action for action in actions if self._world.denies(Request(cell, action))]
        if denied:
            yield Gap(f"a rule denies to open them: {', '.join(denied)}", "refuses more")
        yield from self._mounted(cell)

    def _counted(self, cell: str) -> Iterator[Gap]:
        if cell in self._world.permissive:
            yield Gap(PERMISSIVE)

    def _limited(self, name: str, cell: str) -> Iterator[Gap]:
        fact = LIMITS.get(name, EACH_PROCESS)
        if fact.bypass and self._world.may(cell, "process.rlimit.bypass"):
            yield Gap("root exceeds it where process.rlimit.bypass is allowed", "lets more through")
        if fact.per_user:
            why = "the kernel counts for each user id over the whole host, in all cells together"
            yield Gap(why, "refuses more")
        if cell in self._world.permissive and self._world.may(cell, "process.rlimit.set"):
            why = "permissive: root may raise it, which is logged and not refused"
            if self._world.is_root(cell):
                yield Gap(why, "lets more through")

    def _by_script(
        self,
        cells: Cells,
        steps: list[str],
        gaps: Callable[[str], Iterable[Gap]],
        notes: Iterable[str] = (),
    ) -> Finding:
        return self._world.judge([_script(cells, s) for s in steps], over(cells, gaps), notes)


def _no_gaps(cell: str) -> Iterable[Gap]:
    return ()


def _one(cells: Cells) -> str:
    return cells[0] if len(cells) == 1 else "*"


def _script(cells: Cells, step: str) -> Means:
    return Means("rc", f"rc.d/cell_{_one(cells).replace('-', '_')}", step)
