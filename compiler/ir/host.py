"""What a policy sets on its host."""

from __future__ import annotations

from compiler.catalogue.sysctl import canonical
from compiler.ir.ir import HostSettings


def sysctls(host: HostSettings) -> dict[str, str]:
    """The values that are set, by the first names of their nodes."""
    return {canonical(setting.name): setting.value for setting in host.sysctls}
