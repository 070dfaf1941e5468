"""The words of NetBSD that policies use: socket constants, limits, syslog, devices.

Every list is the same in all of RELEASES.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from compiler.record import record


@record
class Constant:
    """A C constant and the words that stand for it; `name` is the one the IR uses."""

    name: str
    c: str
    value: int
    aliases: tuple[str, ...] = ()


@record
class Rlimit:
    """A limit of setrlimit(2), as in sys/resource.h."""

    name: str
    c: str
    value: int
    unit: Literal["bytes", "seconds", "count"]


@record
class Device:
    """An entry of /dev as MAKEDEV(8) makes it.

    A "node" is a character device; `driver` and `minor` are what mknod(8) takes.
    "fd" is a directory of FD_COUNT nodes, "ptyfs" a mount point of mount_ptyfs(8).
    """

    name: str
    kind: Literal["node", "fd", "ptyfs"]
    driver: str
    minor: int
    mode: int
    caution: str = ""
    """What it hands out beyond itself, for people; nothing for the harmless ones."""


def _constants(prefix: str, *rows: tuple[str, int] | tuple[str, int, str]) -> dict[str, Constant]:
    """Constants from C names without their prefix; aliases are C names separated by blanks."""
    made = {}
    for c, value, *aliases in rows:
        others = tuple(word.lower() for text in aliases for word in str(text).split())
        made[c.lower()] = Constant(c.lower(), prefix + c, value, others)
    return made


def _canonical(constants: Mapping[str, Constant]) -> dict[str, str]:
    """Every word, aliases included, with the name of its constant."""
    return {
        word: constant.name
        for constant in constants.values()
        for word in (constant.name, *constant.aliases)
    }


#: PF_* of sys/socket.h.
PROTOCOL_FAMILIES = _constants(
    "PF_",
    ("UNSPEC", 0),
    ("LOCAL", 1, "UNIX"),
    ("INET", 2),
    ("IMPLINK", 3),
    ("PUP", 4),
    ("CHAOS", 5),
    ("NS", 6),
    ("ISO", 7, "OSI"),
    ("ECMA", 8),
    ("DATAKIT", 9),
    ("CCITT", 10),
    ("SNA", 11),
    ("DECnet", 12),
    ("DLI", 13),
    ("LAT", 14),
    ("HYLINK", 15),
    ("APPLETALK", 16),
    ("OROUTE", 17),
    ("LINK", 18),
    ("XTP", 19),
    ("COIP", 20),
    ("CNT", 21),
    ("RTIP", 22),
    ("IPX", 23),
    ("INET6", 24),
    ("PIP", 25),
    ("ISDN", 26, "E164"),
    ("NATM", 27),
    ("ARP", 28),
    ("KEY", 29),
    ("BLUETOOTH", 31),
    ("MPLS", 33),
    ("ROUTE", 34),
    ("CAN", 35),
    ("ETHER", 36),
)

#: SOCK_* of sys/socket.h without the flags, which the kernel strips before it asks.
TYPES = _constants(
    "SOCK_",
    ("STREAM", 1),
    ("DGRAM", 2),
    ("RAW", 3),
    ("RDM", 4),
    ("SEQPACKET", 5),
    ("CONN_DGRAM", 6, "DCCP"),
)

#: IPPROTO_* of netinet/in.h.
IP_PROTOCOLS = _constants(
    "IPPROTO_",
    ("IP", 0, "HOPOPTS"),
    ("ICMP", 1),
    ("IGMP", 2),
    ("GGP", 3),
    ("IPV4", 4, "IPIP"),
    ("TCP", 6),
    ("EGP", 8),
    ("PUP", 12),
    ("UDP", 17),
    ("IDP", 22),
    ("TP", 29),
    ("DCCP", 33),
    ("IPV6", 41),
    ("ROUTING", 43),
    ("FRAGMENT", 44),
    ("RSVP", 46),
    ("GRE", 47),
    ("ESP", 50),
    ("AH", 51),
    ("MOBILE", 55),
    ("ICMPV6", 58, "IPV6_ICMP"),
    ("NONE", 59),
    ("DSTOPTS", 60),
    ("EON", 80),
    ("ETHERIP", 97),
    ("ENCAP", 98),
    ("PIM", 103),
    ("IPCOMP", 108),
    ("VRRP", 112, "CARP"),
    ("L2TP", 115),
    ("SCTP", 132),
    ("PFSYNC", 240),
    ("RAW", 255),
)

#: The words of the `domain`, `type` and `protocol` conditions with the name the IR uses.
DOMAINS = _canonical(PROTOCOL_FAMILIES)
SOCKET_TYPES = _canonical(TYPES)
SOCKET_PROTOCOLS = _canonical(IP_PROTOCOLS)

#: RLIMIT_* of sys/resource.h by their words; RLIMIT_VMEM is another name of RLIMIT_AS.
RLIMITS: dict[str, Rlimit] = {
    limit.name: limit
    for limit in (
        Rlimit("cpu", "RLIMIT_CPU", 0, "seconds"),
        Rlimit("fsize", "RLIMIT_FSIZE", 1, "bytes"),
        Rlimit("data", "RLIMIT_DATA", 2, "bytes"),
        Rlimit("stack", "RLIMIT_STACK", 3, "bytes"),
        Rlimit("core", "RLIMIT_CORE", 4, "bytes"),
        Rlimit("rss", "RLIMIT_RSS", 5, "bytes"),
        Rlimit("memlock", "RLIMIT_MEMLOCK", 6, "bytes"),
        Rlimit("nproc", "RLIMIT_NPROC", 7, "count"),
        Rlimit("nofile", "RLIMIT_NOFILE", 8, "count"),
        Rlimit("sbsize", "RLIMIT_SBSIZE", 9, "bytes"),
        Rlimit("as", "RLIMIT_AS", 10, "bytes"),
        Rlimit("nthr", "RLIMIT_NTHR", 11, "count"),
    )
}

#: Facilities of syslog(3); kern is not among them, syslogd(8) files it under user.
FACILITIES = (
    "auth",
    "authpriv",
    "cron",
    "daemon",
    "ftp",
    "lpr",
    "mail",
    "news",
    "syslog",
    "user",
    "uucp",
    *(f"local{number}" for number in range(8)),
)

#: Levels of syslog(3), the most severe first.
LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

#: What the /dev of a cell may hold.  Disks, kernel memory and consoles are not offered.
DEVICE_NODES: dict[str, Device] = {
    device.name: device
    for device in (
        Device("null", "node", "mem", 2, 0o666),
        Device("zero", "node", "mem", 12, 0o666),
        Device("full", "node", "mem", 11, 0o666),
        Device("random", "node", "rnd", 0, 0o444),
        Device("urandom", "node", "rnd", 1, 0o644),
        Device("tty", "node", "ctty", 0, 0o666),
        Device("stdin", "node", "filedesc", 0, 0o666),
        Device("stdout", "node", "filedesc", 1, 0o666),
        Device("stderr", "node", "filedesc", 2, 0o666),
        Device("fd", "fd", "filedesc", 0, 0o666),
        Device("ptm", "node", "ptm", 1, 0o666),
        Device("ptmx", "node", "ptm", 0, 0o666),
        Device("pts", "ptyfs", "", 0, 0o555),
        Device("crypto", "node", "crypto", 0, 0o666),
        Device("clockctl", "node", "clockctl", 0, 0o660, "who may open it sets the host's clock"),
        Device("bpf", "node", "bpf", 0, 0o600, "who may open it sees the host's network traffic"),
    )
}
DEVICES = tuple(DEVICE_NODES)

#: Nodes in /dev/fd, as MAKEDEV(8) makes them.
FD_COUNT = 64
