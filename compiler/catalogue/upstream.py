"""Upstream's Cells for NetBSD: what profiles of secmodel_cell decide, and what celladm(8) reads.

Read in MatthiasPetermann/netbsd-src: sys/secmodel/cell/secmodel_cell_policy.c and
sys/sys/cell.h at 3b14309, usr.sbin/celladm/celladm at 65ee887.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Literal

from compiler.catalogue.actions import Leaf, read_data

Profile = Literal["low", "medium", "high"]

#: The profiles, each of which denies whatever those before it do.
PROFILES: tuple[Profile, ...] = ("low", "medium", "high")
#: What the kernel takes when a manifest names none.
DEFAULT_PROFILE: Profile = "high"

#: "border" denies unless the target is in the caller's own cell, "reserved" a port that
#: another cell has reserved, "routing" a socket of one of ROUTING_DOMAINS.
Word = Literal["defer", "deny", "border", "reserved", "routing"]
#: PF_ROUTE and PF_OROUTE, as policies write them.
ROUTING_DOMAINS = ("oroute", "route")

#: Limits of sys/sys/cell.h, in bytes without the NUL, and in ports.
CELL_NAME_MAX = 63
CELL_ROOT_MAX = 255
CELL_PORTS_MAX = 32

#: Keys of a manifest in the order of celladm(8); what is not required may be absent or empty.
REQUIRED = ("name", "autostart", "command", "root_base")
KEYS = (
    "name",
    "autostart",
    "root_base",
    "local_dev",
    "profile",
    "reserved_ports",
    "rlimit_nofile",
    "rlimit_as",
    "rlimit_core",
    "run_uid",
    "run_gid",
    "run_groups",
    "mount",
    "command",
    "healthcheck",
    "require",
    "after",
    "before",
    "log_facility",
    "log_tag",
    "log_stdout_level",
    "log_stderr_level",
)
#: Keys of defaults.conf; all but the first two are about `celladm bootstrap`.
DEFAULTS_KEYS = (
    "root_base",
    "local_dev",
    "release",
    "machine_arch",
    "netbsd_mirror",
    "bootstrap_include_xbase",
)

#: Limits that a manifest can set, by the words of policies.
RLIMITS: Mapping[str, str] = {
    "nofile": "rlimit_nofile",
    "as": "rlimit_as",
    "core": "rlimit_core",
}
#: What cellctl(8) takes for the log when it is not told.
LOG = {"facility": "daemon", "tag": "cellctl", "stdout": "notice", "stderr": "err"}
#: What a script requires when its manifest names nothing.
DEFAULT_REQUIRE = "NETWORKING"
#: Pauses of `cellctl supervise` between two starts, in milliseconds.
BACKOFF = (1000, 10_000)
#: What `MAKEDEV std ptm` and mount_ptyfs(8) put into the /dev of a cell.
LOCAL_DEV = (
    *("crypto", "fd", "full", "null", "ptm", "ptmx", "pts", "random"),
    *("stderr", "stdin", "stdout", "tty", "urandom", "zero"),
)


def cell_root(name: str) -> str:
    """Where celladm puts the root of a cell; its writable part is beside it, in `overlay`."""
    return f"/var/cells/cells/{name}/root"


@functools.cache
def _rows() -> dict[tuple[str, str | None], dict[str, Word]]:
    rows = read_data("upstream.json")["rows"]
    return {(row["action"], row.get("request")): row for row in rows}


def decision(profile: Profile, leaf: Leaf) -> Word:
    """What a profile makes of a leaf; there is no listener for the generic and vnode scopes."""
    rows = _rows()
    row = rows.get((leaf.c_action, leaf.c_request)) or rows.get((leaf.c_action, None))
    return row[profile] if row is not None else "defer"
