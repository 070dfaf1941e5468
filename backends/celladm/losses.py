"""The losses there are on a host with upstream's kernel: the names to accept them by."""

from __future__ import annotations

from collections.abc import Mapping

from backends.artifact import Loss, Place

_SCOPES = ("generic", "system", "process", "network", "machdep", "device", "vnode")
#: Scopes of which some profile denies anything but reserved ports.
_REFUSED = ("system", "process", "network", "machdep", "device")

#: What lets more through than the policy does.
WEAKER: Mapping[str, str] = {
    **{f"deny-{scope}": f"requests of the {scope} scope are not denied" for scope in _SCOPES},
    "exec-readonly": "programs may be run from writable mounts",
    "exec-sha256": "fingerprints of programs are not checked",
    "mount-flags": "mounts honour set-id programs and device nodes of their source",
    "limits": "limits other than nofile, as and core are not set",
    "processes": "the processes of a cell are not counted",
    "healthcheck": "checked once, at start, as root in the cell and without limits",
    "host-settings": "the settings of `host` are not made",
}
#: What refuses more, or works otherwise.
STRICTER: Mapping[str, str] = {
    **{f"allow-{scope}": f"requests of the {scope} scope are refused" for scope in _REFUSED},
    "grant": "no privilege is given",
    "permissive": "what is only logged is refused",
    "reserved-protocols": "a port of one protocol is taken from others for all protocols",
    "root-place": "the root and what the cell writes lie where celladm keeps them",
    "devices": "/dev holds what `MAKEDEV std ptm` makes",
    "restart": "a service is always started again, after 1 to 10 seconds",
    "cell-order": "cells cannot be ordered by each other",
    "dash-in-name": "celladm's own script of a cell with `-` in its name does not parse",
}
NAMES: Mapping[str, str] = {**WEAKER, **STRICTER}


def loss(
    name: str,
    message: str,
    place: Place,
    cells: tuple[str, ...] = (),
    made_good_by: str = "",
) -> Loss:
    """A loss of one of NAMES."""
    assert name in NAMES
    return Loss(name, message, place, cells or (place.cell,), made_good_by)
