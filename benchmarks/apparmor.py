"""AppArmor profiles of the same size: RULES rules a domain."""

from __future__ import annotations

import random

from benchmarks.generate import RULES, pickers

_CAPABILITIES = (
    *("chown", "dac_override", "fowner", "fsetid", "kill", "net_admin", "net_bind_service"),
    *("net_raw", "setgid", "setuid", "sys_admin", "sys_boot", "sys_chroot", "sys_module"),
    *("sys_nice", "sys_ptrace", "sys_rawio", "sys_resource", "sys_time", "syslog"),
)
_FAMILIES = ("inet", "inet6", "unix", "netlink")
_TYPES = ("stream", "dgram", "raw")
_ACCESS = ("r", "w", "rw", "rk")
_FILES = 6


def profiles(shape: str, domains: int) -> str:
    """A file for apparmor_parser(8)."""
    parts = []
    for n, pick in enumerate(pickers(shape, domains)):
        rules = "".join(f"  {rule},\n" for rule in _rules(n, domains, pick))
        parts.append(f"profile d{n} {{\n{rules}}}\n")
    return "".join(parts)


def _rules(n: int, domains: int, pick: random.Random) -> list[str]:
    files = [
        f"{pick.choice(('', 'deny '))}/srv/d{n}/f{i}{pick.choice(('', '/*', '/**'))}"
        f" {pick.choice(_ACCESS)}"
        for i in range(_FILES)
    ]
    sockets = [
        f"network {f} {t}" for f, t in zip(_FAMILIES, pick.choices(_TYPES, k=4), strict=True)
    ]
    peers = [
        f"signal (send) peer=d{pick.randrange(domains)}",
        f"ptrace (read) peer=d{n}",
    ]
    rest = RULES - len(files) - len(sockets) - len(peers)
    capabilities = [
        f"{pick.choice(('', 'deny '))}capability {c}" for c in pick.sample(_CAPABILITIES, rest)
    ]
    return [*capabilities, *sockets, *peers, *files]
