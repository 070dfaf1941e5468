"""What is known of NetBSD beyond the catalogue: where a mechanism covers more or less than it says.

The facts about kauth(9) requests were read at the call sites of NetBSD 9 to 11,
those about limits in sys/kern (kern_fork.c, uipc_socket2.c) and setrlimit(2).
"""

from __future__ import annotations

from collections.abc import Mapping

from compiler.catalogue.sysctl import Write
from compiler.ledger.finding import Gap
from compiler.record import NamedTuple

#: Where the verdicts on an action stand in the tables, by what its requests carry: arrays of
#: cellpolicy_tables.c, and of the image (backends/kmod/layout.py).
TABLES: Mapping[str, tuple[str, ...]] = {
    "none": ("classes",),
    "self": ("commons",),
    "target": ("commons",),
    "bind": ("classes",),
    "socket": ("sockets",),
    "rawsock": ("sockets",),
    "mask": ("classes",),
}
#: Where `listen` stands: who has a port, and with which protocols.
OWNED = ("port_owners", "cells")

_EVERY_NODE = Gap(
    "the kernel asks this for every open of a device node, /dev/null and terminals included",
    "refuses more",
    "give the cell harmless nodes only, by `devices`, in place of this rule",
)
_RAW_IPV6 = Gap(
    "only raw IPv6 sockets are asked about as network.socket.rawsock; raw IPv4 sockets as"
    " network.socket.open type raw",
    "lets more through",
    "deny network.socket.open type raw as well",
)

#: Leaves of which a denial, where it is about nothing else, covers more or less than it says.
LEAF_GAPS: Mapping[str, Gap] = {
    "device.rawio_spec.read": _EVERY_NODE,
    "device.rawio_spec.write": _EVERY_NODE,
    "device.rawio_spec.rw": _EVERY_NODE,
    "network.socket.rawsock": _RAW_IPV6,
}
RAW_IPV6 = _RAW_IPV6

_ANYTHING = "the request carries no path, name or device: it is denied for all or for none"
_ACCESS = "this is the ordinary check of access: a denial switches the facility off"

#: Beginnings of leaf names, and what their requests are.
LEAF_NOTES: tuple[tuple[str, str], ...] = (
    ("device.rawio_spec.", _EVERY_NODE.why),
    ("network.bind.", "sockets of the families local, bluetooth and can are bound unasked"),
    ("network.bind.", "connect(2), listen(2) and accept(2) ask nothing"),
    ("network.route", "whoever opened the routing socket is judged, not who writes to it"),
    ("network.socket.open", "sockets that are inherited or handed over are not asked about"),
    ("process.cansee.", "getpriority(2), getpgid(2) and getsid(2) ask nothing: ids show"),
    ("process.ptrace", "a tracer that is attached already is not asked again"),
    (
        "process.setid",
        "changes among a process's own ids, and programs that are set-id, ask nothing",
    ),
    ("system.chroot.", _ANYTHING),
    ("system.filehandle", _ANYTHING),
    ("system.mknod", _ANYTHING),
    ("system.module", _ANYTHING),
    ("system.sysctl.", "the request carries no node: all of them or none"),
    ("system.mqueue", _ACCESS),
    ("system.mqueue", "mq_open(3) of a new queue asks nothing"),
    ("system.semaphore", _ACCESS),
    ("system.sysvipc.bypass", _ACCESS),
    ("system.sysvipc.bypass", "msgget(2), semget(2) and shmget(2) of a new object ask nothing"),
    ("vnode.", "asked when a file is looked up or opened, not for each use of an open one"),
    ("vnode.execute", "asked for every directory of a path as well"),
)
NULL_MOUNT = (
    "below a null mount the kernel asks about the file underneath: by which mount it was"
    " reached does not show"
)

PICKED = Gap(
    "the kernel may pick such a port by itself: it asks about each candidate, but some of its"
    " algorithms fall back to a port that no listener was asked about",
    "lets more through",
    "choose ports below anonportmin (49152 unless `host` sets it), or take them out by the sysctls"
    " net.inet.ip.anonportalgo.reserve and net.inet6.ip6.anonportalgo.reserve in `host`",
)
PICKED_LOW = Gap(
    "who may have the kernel choose a privileged port (IP_PORTRANGE_LOW) also says how it is"
    " picked (IP_PORTALGO), and some ways fall back to a port that no listener was asked about",
    "lets more through",
    "deny network.bind.privport port auto, or give the cell a `user`",
)
DENIED_OWN = Gap(
    "a later layer denies the cell to bind it",
    "refuses more",
    "allow the port in that layer, or do not listen on it",
)
PERMISSIVE = "permissive: logged, not refused"
ENFORCE = "take `permissive` away"


class LimitFact(NamedTuple):
    """What the kernel makes of one RLIMIT."""

    counts: str
    """What it counts, and for whom, for people."""
    per_user: bool = False
    """Counted for a user id over the whole host."""
    bypass: bool = False
    """Whoever process.rlimit.bypass is allowed, root to begin with, may exceed it."""
    advisory: str = ""
    """Why nothing enforces it."""
    remedy: str = ""


#: By the word of the limit; all others count for each process by itself.
LIMITS: Mapping[str, LimitFact] = {
    "nproc": LimitFact(
        "the processes of each user id",
        per_user=True,
        bypass=True,
        remedy="cap the cell by `processes` instead",
    ),
    "nthr": LimitFact("the threads of each user id", per_user=True, bypass=True),
    "sbsize": LimitFact("the socket buffers of each user id", per_user=True),
    "rss": LimitFact(
        "the resident memory of each process",
        advisory="RLIMIT_RSS is advisory: nothing is refused",
        remedy="limit `as` or `data` instead",
    ),
}
EACH_PROCESS = LimitFact("what each process takes by itself, not the whole cell")

#: Why a sysctl node may have another value later, by who may write it.
WRITES: Mapping[Write, str] = {
    "never": "nobody can set it",
    "always": "root can change it later at any securelevel",
    "raise-only": "it can only be raised, and not be taken back",
    "securelevel<=0": "root can change it later while the securelevel is at most 0",
    "zero-if-securelevel<=0": "root can set it back to 0 later while the securelevel is at most 0",
    "nonzero-if-securelevel<=0": (
        "root can set it back to 0 later at any securelevel, and to anything else while that is"
        " at most 0"
    ),
    "trigger": "it acts when it is written, and keeps no value",
    "key-open": "root can change it later while the hardware key is in its open position",
}
#: How the same reads where the policy raises the securelevel above 0.
FROZEN: Mapping[Write, str] = {
    "securelevel<=0": "nobody can change it once the securelevel is raised",
    "zero-if-securelevel<=0": "nobody can set it back to 0 once the securelevel is raised",
    "nonzero-if-securelevel<=0": "root can set it back to 0 later at any securelevel",
}

#: What runs with the rights of a mount option, and what gets round it.
INTERPRETERS = Gap(
    "noexec stops execve(2), not an interpreter that reads a program from a writable mount"
    " (`sh script`)",
    "lets more through",
    "set kern.veriexec.strict to 3 in `host`, or keep interpreters out of the cell",
)
REMOUNT = Gap(
    "its root may mount and unmount, and so take mount flags away",
    "lets more through",
    "deny system.mount.{unmount, update}, or give the cell a `user`",
)
NODES = Gap(
    "its root may make device nodes and open them, those of the host's disks too",
    "lets more through",
    "deny system.mknod, or give the cell a `user`",
)
HANDLES = Gap(
    "its root may open files by handle (fhopen(2)), wherever in a file system they lie",
    "lets more through",
    "deny system.filehandle, or give the cell a `user`",
)
MOUNTING = Gap(
    "its root may mount file systems, of which kernfs has nodes of the host's disks",
    "lets more through",
    "deny system.mount.new, or give the cell a `user`",
)
HANDED = Gap(
    "its root may move to a directory that another process hands it (fchroot(2))",
    "lets more through",
    "deny system.chroot.fchroot, or give the cell a `user`",
)
BY_HAND = Gap(
    "it has no service: who enters it by hand chooses the root and user, as options of cellexec(8)",
    "lets more through",
    "give the cell a `service`",
)


def never_asked(release: str) -> Gap:
    """Nothing can enforce what no listener is asked about."""
    why = f"no kernel code of NetBSD {release} ever asks this"
    return Gap(why, remedy="take it out: this release has no such question")
