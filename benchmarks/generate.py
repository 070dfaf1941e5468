"""Policies of any size for measuring: the same size always gives the same bytes.

Every cell has RULES access rules and the settings of an ordinary service; two
assertions are about all cells.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

RULES = 20

#: Leaves without conditions that every release asks about.
_PLAIN = (
    "device.bluetooth_setpriv",
    "device.rnd_adddata",
    "device.rnd_getpriv",
    "device.tty_sti",
    "network.firewall.fw",
    "network.forwsrcrt",
    "network.interface.getpriv",
    "network.interface.setpriv",
    "network.nfs.svc",
    "network.route",
    "network.socket.drop",
    "system.accounting",
    "system.cpu.setstate",
    "system.filehandle",
    "system.fs_quota.get",
    "system.fs_quota.manage",
    "system.fs_quota.nolimit",
    "system.fs_quota.onoff",
    "system.fs_reservedspace",
    "system.reboot",
    "system.swapctl",
    "system.sysctl.add",
    "system.sysctl.delete",
    "system.sysctl.modify",
    "system.time.adjtime",
    "system.time.ntpadjtime",
    "system.time.rtcoffset",
    "system.time.system",
    "system.time.timecounters",
)
_PLAIN_RULES = 14


def different(cells: int) -> str:
    """Cells of which no two have the same rules."""
    pick = random.Random(cells)
    parts = [_head("different")]
    for n in range(cells):
        rules = _rules(pick, _name(pick.randrange(cells)))
        parts.append(_cell(n, [*_settings(n, 1024 + n), *rules]))
    return "".join([*parts, _tail()])


def similar(cells: int) -> str:
    """Cells made from four templates, each cell with a port of its own."""
    pick = random.Random(cells)
    parts = [_head("similar")]
    for t in range(4):
        lines = ["listen tcp port;", *_rules(pick, _name(0))]
        body = "".join(f"    {line}\n" for line in lines)
        parts.append(f"template kind{t}(port) extends low {{\n{body}}}\n")
    for n in range(cells):
        lines = [f"use kind{n % 4}({1024 + n});", *_settings(n, None)]
        parts.append(_cell(n, lines))
    return "".join([*parts, _tail()])


SHAPES: Mapping[str, Callable[[int], str]] = {"different": different, "similar": similar}


def pickers(shape: str, domains: int) -> Iterator[random.Random]:
    """What picks the rules of each domain for other compilers: four kinds of them if similar."""
    pick = random.Random(domains)
    for n in range(domains):
        yield pick if shape == "different" else random.Random(n % 4)


def _name(n: int) -> str:
    return f"cell-{n:05}"


def _head(name: str) -> str:
    return f"policy {name};\ntarget netbsd 10.1;\n"


def _tail() -> str:
    return (
        "group all = { cell-* };\n"
        "assert never all system.module;\n"
        "assert never all process.ptrace to self;\n"
    )


def _cell(n: int, lines: list[str]) -> str:
    return f"cell {_name(n)} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def _settings(n: int, port: int | None) -> list[str]:
    own = [] if port is None else ["profile low;", f"listen tcp {port};"]
    return [
        *own,
        f'root "/var/cells/{n}";',
        'user "www";',
        f"limits {{ nofile {64 + n % 1000}; core 0; processes {16 + n % 100}; }}",
        f'service {{ command "/usr/libexec/serve" "-n" "{n}"; require NETWORKING;'
        ' restart on-failure; healthcheck "/usr/libexec/probe"; }',
    ]


def _rules(pick: random.Random, peer: str) -> list[str]:
    """RULES rules about different things, so that none is at odds with another."""
    plain = pick.sample(_PLAIN, _PLAIN_RULES)
    low = pick.randrange(20000, 30000)
    high = pick.randrange(40000, 49000)
    return [
        *(f"deny {action};" for action in plain),
        f"allow process.signal to {peer};",
        "deny process.ptrace to self;",
        f"deny network.bind tcp port {low}..{low + pick.randrange(1, 9999)};",
        f"deny network.bind udp port {{{high}, {high + 2}..{high + pick.randrange(3, 99)}}};",
        f"deny network.socket.open domain {{inet6, local}} type {pick.choice(('raw', 'rdm'))};",
        "deny system.module;",
    ]
