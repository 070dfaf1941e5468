"""What enforces the settings of the host: sysctl.conf(5) lines and levels raised by rc.conf(5)."""

from __future__ import annotations

from compiler.catalogue.sysctl import Node, all_nodes
from compiler.ir.levels import STRICT
from compiler.ledger.facts import FROZEN, WRITES
from compiler.ledger.finding import Finding, Gap, Means, nothing
from compiler.ledger.world import World
from compiler.model.settings import Securelevel, Sysctl

_LOWEST = -1


class HostSettings:
    """Makes the findings of what stands in `host` blocks."""

    def __init__(self, world: World) -> None:
        self._world = world
        level = world.policy.host.securelevel
        self._raised = level is not None and level.level > 0

    def securelevel(self, setting: Securelevel) -> Finding:
        """The finding of `securelevel`."""
        if setting.level == _LOWEST:
            return nothing("the lowest securelevel asks for nothing")
        by = Means(
            "sysctl",
            "rc.conf.d/securelevel",
            f"securelevel={setting.level}",
            (f"securelevel={setting.level}",),
        )
        return self._world.judge([by], notes=["/etc/rc.d/securelevel raises it late in the boot"])

    def sysctl(self, setting: Sysctl) -> Finding:
        """The finding of one node."""
        node = all_nodes()[setting.name]
        if node.canonical == STRICT:
            by = [veriexec(setting.value)]
            return self._world.judge(by, notes=[self._later(node), _needs(node)])
        gaps = []
        skipped = node.optional(setting.value)
        if skipped and node.hardened is None:
            why = f"a kernel without this node skips the line (`?=`): it needs {node.needs}"
            remedy = "set it where every host of the policy has it"
            gaps.append(Gap(why, "lets more through", remedy))
        line = f"{setting.name}{'?=' if skipped else '='}{setting.value}"
        by = [
            Means("sysctl", "sysctl/cellpolicy.conf", line, (line,)),
            Means("rc", "rc.d/cellpolicy", "sysctl -f at start", ("/sbin/sysctl -f",)),
        ]
        notes = [self._later(node)]
        if node.needs and not skipped:
            notes.append(_needs(node))
        return self._world.judge(by, gaps, notes)

    def _later(self, node: Node) -> str:
        """What can become of the value later."""
        if self._raised and node.write in FROZEN:
            return FROZEN[node.write]
        return WRITES[node.write]


def veriexec(level: int | str) -> Means:
    """What raises the level of veriexec(4)."""
    line = f"veriexec_strict={level}"
    return Means("sysctl", "rc.conf.d/veriexec", line, (line,))


def _needs(node: Node) -> str:
    return f"needs {node.needs}; where that is absent, cellpolicy-drift says so"
