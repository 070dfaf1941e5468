"""The other voters, leaf by leaf and release by release, against what was read at the call sites.

`tests/data/kauth-votes.json` keeps the words of that reading: who allows a leaf to a caller that
is not root.  PHRASES says what the words mean for the model; no leaf may be without.
"""

from __future__ import annotations

import functools
import itertools
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from compiler.catalogue.actions import RELEASES, Leaf, all_leaves, load, read_data
from compiler.catalogue.voters import Ballot, Socket, VoterSettings, is_root_user, others

_DATA = Path(__file__).parents[1] / "data" / "kauth-votes.json"
ROOT, USER = True, False

#: The releases of the reading's words about when an identifier came.
SINCE = {
    "7 or earlier": "9.4",
    "slot kept since CANSEE was removed (before 7)": "9.4",
    "8": "9.4",
    "9": "9.4",
    "9 (8.x too if the SVS pullup carried it: not checked)": "9.4",
    "10": "10.1",
    "as KAUTH_NETWORK_INTERFACE_WG": "11.0",
}


class Says(NamedTuple):
    """Who allows what a phrase is about, and for which requests of the action; "" is nobody."""

    voter: str = ""
    vote: str = "allow"
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


NOBODY = Says()

PHRASES: dict[str | None, Says] = {
    None: NOBODY,
    "none": NOBODY,
    "none (if_listener means to ALLOW GET/SET but reads the request from arg1)": NOBODY,
    "none (transitions among r/e/saved ids never reach kauth)": NOBODY,
    # These hang on a sysctl node that is 0 to begin with: see SWITCHES.
    "none, unless security.models.extensions.user_set_cpu_affinity and uid match": NOBODY,
    "secmodel_extensions when usermount=1 (NEW/UNMOUNT/UPDATE by owner)": NOBODY,
    "ALLOW when machdep.user_ldt": NOBODY,
    # 1 to begin with.
    "by kern.expose_address (0 nobody, 1 /dev/kmem openers, 2 all)": Says("proc", "depends"),
    "mount_listener ALLOW": Says("mount"),
    "mount_listener ALLOWs when VOP_ACCESS on the device passes": Says("mount", "depends"),
    "psets_listener ALLOWs ASSIGN/BIND with PS_QUERY": Says(
        "psets", "depends", only=("assign", "bind")
    ),
    "clockctl listener ALLOWs SYSTEM when arg3 says device context": Says(
        "clockctl", "depends", only=("system",)
    ),
    "module_listener ALLOWs when arg2 != 0 (autoload)": Says("module", "depends"),
    "ksem_listener ALLOWs by owner/group/other write bits": Says("ksem", "depends"),
    "sysvipc_listener (mode bits) for BYPASS": Says("sysvipc", "depends", only=("bypass",)),
    "mq_listener ALLOWs the creator (euid)": Says("mqueue", "depends"),
    "ffs_snapshot_listener (owner of file)": Says("ffs_snapshot", "depends"),
    "proc_listener ALLOW": Says("proc"),
    "same uid and svuid only": Says("proc", "depends"),
    "proc_listener ALLOWs uid match": Says("proc", "depends"),
    "proc_listener uid match": Says("proc", "depends"),
    "proc_listener ALLOW (it reads the count from arg2, which is NULL, so its reserved-slots test"
    " never fires)": Says("proc"),
    "kqueue_listener: same ruid and not PK_SUGID": Says("kqueue", "depends"),
    # PERSISTENT is left to the models: ktrace_listener_cb in sys/kern/kern_ktrace.c.
    "ktrace_listener: ids match, not PK_SUGID": Says("ktrace", "depends", without=("persistent",)),
    "resource_listener: uid match and not lowering": Says("resource", "depends"),
    "procfs_listener (registered while procfs is mounted)": Says("procfs", "depends"),
    "ptrace_listener: ruid match and not PK_SUGID for attach/memory/registers; run-control"
    " requests ALLOW": Says("ptrace", "depends"),
    "ALLOW": Says("resource"),
    "ALLOW if not raising rlim_max, own or uid-matched process": Says("resource", "depends"),
    "sched_listener ALLOW": Says("scheduler"),
    "sched_listener uid match": Says("scheduler", "depends"),
    "sched_listener: uid match, no RT class change, no raise": Says("scheduler", "depends"),
    "signal_listener: uid match, or SIGCONT within session": Says("signal", "depends"),
    "socket_listener ALLOW": Says("socket"),
    "socket_listener ALLOW; extensions DENYs across uids with curtain": Says("socket"),
    # Of a socket that may be any: see test_sockets_of_any_kind.
    "socket_listener ALLOWs all but SOCK_RAW, and SOCK_RAW for PF_ROUTE, PF_OROUTE, PF_BLUETOOTH,"
    " PF_CAN": Says("socket", "depends"),
    "socket_listener ALLOWs own sockets": Says("socket", "depends"),
    "pf/ipf listeners ALLOW (device node permissions decide); npf: none": Says(
        "pf", "depends", only=("fw",)
    ),
    "route_listener ALLOWs RTM_GET": Says("route", "depends"),
    "x86_listener ALLOW": Says("x86"),
    "tty_listener ALLOWs unless open and TS_XCLUDE": Says("tty", "depends"),
    "rawio_listener ALLOW (file permissions decide)": Says("rawio"),
    "rawio_listener ALLOW": Says("rawio"),
    "hci_device_cb for a list of harmless commands": Says("hci", "depends"),
    "hci_device_cb for a list": Says("hci", "depends"),
}

_FILES = Says("filesystem", "depends")
#: kauth_authorize_vnode is handed 0 by those who ask this, so that no denial is permission.
_LINKS = Says("filesystem")

#: Listeners of a GENERIC kernel by scope, besides the security models.
LISTENERS = {
    "generic": set(),
    "system": {"mount", "module", "ksem", "sysvipc", "psets", "mqueue", "clockctl", "veriexec",
               "ffs_snapshot"},
    "process": {"proc", "resource", "signal", "kqueue", "ktrace", "ptrace", "scheduler", "procfs"},
    "network": {"route", "socket", "pf"},
    "machdep": {"x86"},
    "device": {"tty", "rawio", "hci", "veriexec"},
    "vnode": {"filesystem"},
}  # fmt: skip
MODELS = {
    "suser": set(LISTENERS),
    "securelevel": set(LISTENERS) - {"generic"},
    "extensions": {"process", "network", "system", "vnode"},
}

#: What the listeners that look at a sysctl node do with it: the node, a value that makes them
#: vote, the voter, its vote, whether that depends, on whom, and the leaves.
SWITCHES = [
    ("security.models.extensions.curtain", "1", "extensions", "deny", True, USER,
     "process.cansee.args process.cansee.entry process.cansee.openfiles process.cansee.eproc"
     " network.socket.cansee"),
    ("security.models.extensions.usermount", "1", "extensions", "allow", True, USER,
     "system.mount.new system.mount.unmount system.mount.update"),
    ("security.models.extensions.user_set_cpu_affinity", "1", "extensions", "allow", True, USER,
     "process.scheduler_setaffinity"),
    ("security.models.extensions.user_set_dbregs", "1", "extensions", "allow", True, USER,
     "process.ptrace"),
    ("security.models.extensions.hardlink_check_uid", "1", "extensions", "deny", True, USER,
     "vnode.add_link"),
    ("security.models.extensions.hardlink_check_gid", "1", "extensions", "deny", True, USER,
     "vnode.add_link"),
    ("kern.expose_address", "2", "proc", "allow", False, None, "process.cansee.kptr"),
    ("machdep.user_ldt", "1", "x86", "allow", False, None, "machdep.ldt_get machdep.ldt_set"),
    ("kern.veriexec.strict", "1", "veriexec", "deny", False, None, "system.veriexec.modify"),
    ("kern.veriexec.strict", "2", "veriexec", "deny", True, None,
     "device.rawio_spec.write device.rawio_spec.rw device.rawio_passthru.read"
     " device.rawio_passthru.write device.rawio_passthru.readconf device.rawio_passthru.writeconf"),
]  # fmt: skip

#: What secmodel_securelevel denies at a level and above: everything, or only some requests.
SECURELEVEL = {
    0: ("", "process.procfs.write process.procfs.rw process.ptrace"),
    1: (
        "system.module system.sysctl.add system.sysctl.delete system.sysctl.desc"
        " system.setidcore system.time.rtcoffset system.map_va_zero system.chsysflags"
        " network.forwsrcrt machdep.iopl machdep.ioperm_set machdep.unmanagedmem"
        " device.gpio_pinset device.rawio_passthru.read device.rawio_passthru.write"
        " device.rawio_passthru.writeconf",
        "device.rawio_spec.write device.rawio_spec.rw vnode.write_sysflags",
    ),
    2: (
        "system.mount.new network.firewall.fw network.firewall.nat machdep.cpu_ucode_apply"
        " process.corename.get process.corename.set device.rnd_adddata_estimate",
        "system.time.system system.mount.update",
    ),
}


@functools.cache
def readings() -> dict[tuple[str, str | None], dict[str, Any]]:
    rows = json.loads(_DATA.read_text("utf-8"))["leaves"]
    return {(row["action"], row["request"]): row for row in rows}


def reading(leaf: Leaf) -> dict[str, Any]:
    return readings()[leaf.c_action, leaf.c_request]


def says(leaf: Leaf) -> Says:
    """What the reading says of a leaf, for a host with the kernel's own settings."""
    if leaf.scope == "vnode":
        return _LINKS if leaf.name == "vnode.add_link" else _FILES
    found = PHRASES[reading(leaf)["default"]]
    last = leaf.name.rpartition(".")[2]
    if (found.only and last not in found.only) or last in found.without:
        return NOBODY
    return found


def allowing(ballots: tuple[Ballot, ...]) -> dict[str, str]:
    """Who allows or may allow."""
    return {b.voter: b.vote for b in ballots if "allow" in (b.vote, b.might)}


def denying(ballots: tuple[Ballot, ...]) -> dict[str, str]:
    """Who denies or may deny."""
    return {b.voter: b.vote for b in ballots if "deny" in (b.vote, b.might)}


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_has_the_leaves_that_were_read(release: str) -> None:
    known = RELEASES.index(release)
    expected = {key for key, row in readings().items()
                if RELEASES.index(SINCE[row["since"]]) <= known}  # fmt: skip
    assert {(x.c_action, x.c_request) for x in load(release).leaves} == expected


def test_current_asks_what_is_asked() -> None:
    for leaf in load("current").leaves:
        assert leaf.asked == reading(leaf)["asked"], leaf.name


@pytest.mark.parametrize("release", RELEASES)
def test_who_allows_a_caller_that_is_not_root(release: str) -> None:
    for leaf in load(release).leaves:
        expected = says(leaf)
        found = others(leaf, USER, VoterSettings())
        assert allowing(found) == ({expected.voter: expected.vote} if expected.voter else {}), leaf
        assert not denying(found), leaf


@pytest.mark.parametrize("release", RELEASES)
def test_suser_allows_root_all_that_is_asked_but_raw_access(release: str) -> None:
    for leaf in load(release).leaves:
        vote = allowing(others(leaf, ROOT, VoterSettings())).get("suser")
        if leaf.name.startswith("device.rawio_") or leaf.name in (
            "generic.unused1",
            "system.debug",
        ):
            assert vote is None, leaf
        elif leaf.name == "vnode.execute":
            assert vote == "depends"
        else:
            assert vote == "allow", leaf


def test_root_changes_nothing_of_what_listeners_say() -> None:
    for leaf in all_leaves():
        as_user, as_root = (others(leaf, root, VoterSettings()) for root in (USER, ROOT))
        assert [b for b in as_user if b.voter != "suser"] == [
            b for b in as_root if b.voter != "suser"
        ]


def test_every_phrase_stands_in_the_reading() -> None:
    assert {row["default"] for row in readings().values()} == PHRASES.keys()


def test_switches_are_those_that_were_read() -> None:
    """Each node decides the votes it should, of whom it should, and of nothing else."""
    for node, value, voter, vote, partly, caller, names in SWITCHES:
        host = VoterSettings(-1, {node: value})
        strict = node == "kern.veriexec.strict" and value == "2"
        for leaf, root in itertools.product(all_leaves(), (ROOT, USER)):
            before = set(others(leaf, root, VoterSettings()))
            new = [b for b in others(leaf, root, host) if b not in before and b.vote != "defer"]
            if strict and leaf.name == "system.veriexec.modify":
                continue  # that of level 1
            if leaf.name in names.split() and caller in (None, root):
                assert [(b.voter, b.might or b.vote, b.vote == "depends") for b in new] == [
                    (voter, vote, partly)
                ], (node, leaf)
            else:
                assert new == [], (node, leaf)


def test_no_node_is_left_out() -> None:
    listed = {(row[0], name) for row in SWITCHES for name in row[6].split()}
    switches = read_data("voters.json")["switches"]
    assert {(s["node"], name) for s in switches for name in s["leaves"]} == listed


def test_nodes_at_zero_switch_nothing_on() -> None:
    for node in {row[0] for row in SWITCHES} - {"kern.expose_address"}:
        for leaf in all_leaves():
            assert others(leaf, USER, VoterSettings(-1, {node: "0"})) == others(
                leaf, USER, VoterSettings()
            )
    silent = others(load("current").by_name["process.cansee.kptr"], USER,
                    VoterSettings(-1, {"kern.expose_address": "0"}))  # fmt: skip
    assert allowing(silent) == {}


@pytest.mark.parametrize("level", range(-1, 4))
def test_what_a_securelevel_denies(level: int) -> None:
    whole, partly = (
        {name for at, row in SECURELEVEL.items() if at <= level for name in row[i].split()}
        for i in (0, 1)
    )
    for leaf, root in itertools.product(all_leaves(), (ROOT, USER)):
        expected = {}
        if leaf.name in whole:
            expected = {"securelevel": "deny"}
        elif leaf.name in partly:
            expected = {"securelevel": "depends"}
        assert denying(others(leaf, root, VoterSettings(level))) == expected, leaf


def test_voters_vote_in_the_scopes_they_listen_in() -> None:
    host = VoterSettings(2, {row[0]: row[1] for row in SWITCHES})
    for leaf, root in itertools.product(all_leaves(), (ROOT, USER)):
        models = {model for model, scopes in MODELS.items() if leaf.scope in scopes}
        voters = {b.voter for b in others(leaf, root, host)}
        assert models <= voters, leaf
        assert voters - models <= LISTENERS[leaf.scope], leaf


def test_sockets_of_any_kind() -> None:
    domains = ("inet", "inet6", "local", "route", "oroute", "bluetooth", "can")
    types = ("stream", "dgram", "raw", "rdm", "seqpacket")
    leaf = load("current").by_name["network.socket.open"]
    for domain, kind in itertools.product(domains, types):
        anyone = kind != "raw" or domain in ("route", "oroute", "bluetooth", "can")
        found = allowing(others(leaf, USER, VoterSettings(), Socket(domain, kind)))
        assert found == ({"socket": "allow"} if anyone else {}), (domain, kind)


@pytest.mark.parametrize(
    ("user", "root"),
    [(None, True), ("0", True), ("000", True), ("root", True), ("toor", True),
     ("1", False), ("1000", False), ("www", False), ("nobody", False), ("Root", False),
     ("no-such-user", False)],
)  # fmt: skip
def test_users_that_are_root(user: str | None, root: bool) -> None:
    assert is_root_user(user) is root
