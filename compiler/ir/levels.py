"""Levels of the host that rise late in the boot, and what cells have to do before."""

from __future__ import annotations

from compiler.catalogue.rcorder import SECURELEVEL, VERIEXEC
from compiler.catalogue.sysctl import integer
from compiler.ir.host import sysctls
from compiler.ir.ir import Cell, HostSettings

#: Raised by rc.d/veriexec once fingerprints are loaded, which only level 0 allows.
STRICT = "kern.veriexec.strict"


def veriexec_level(host: HostSettings) -> int:
    """What kern.veriexec.strict is raised to; 0 if the policy does not."""
    return integer(sysctls(host).get(STRICT, "0")) or 0


def comes_before(host: HostSettings, cell: Cell) -> tuple[str, ...]:
    """The scripts that a cell comes before, whatever its service says.

    Fingerprints can be loaded while kern.veriexec.strict is 0 only (veriexec(4)), and those of
    what the cell mounts not before.  At securelevel 2 the kernel refuses new mounts
    (secmodel_securelevel(9)).
    """
    words = []
    if cell.exec_hashes and veriexec_level(host) > 0:
        words.append(VERIEXEC)
    if cell.mounted and host.securelevel is not None and host.securelevel > 1:
        words.append(SECURELEVEL)
    return tuple(words)
