"""The actions of each release, held against kauth(9) and its version history."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from compiler.catalogue.actions import RELEASES, all_leaves, load, releases

#: Actions per scope in sys/sys/kauth.h 1.90.
ACTIONS = {
    "generic": 2,
    "system": 28,
    "process": 16,
    "network": 18,
    "machdep": 13,
    "device": 19,
    "vnode": 26,
}

#: In the header, but asked by no kernel code of 10.99.12.
NEVER_ASKED = """
generic.unused1 system.chsysflags system.debug device.nvmm_ctl machdep.svs_disable
network.interface_pvc.add network.interface_strip.add network.interface.get network.interface.set
network.interface.firmware network.firewall.nat network.smb.share_access network.smb.share_create
network.smb.vc_access network.smb.vc_create vnode.append_data vnode.read_times vnode.read_flags
vnode.read_sysflags vnode.read_security vnode.read_attributes vnode.write_attributes
"""


def test_actions_per_scope() -> None:
    actions = {(leaf.scope, leaf.c_action) for leaf in load("current").leaves}
    assert Counter(scope for scope, _ in actions) == ACTIONS


def test_requests_per_action() -> None:
    requests = Counter(leaf.action for leaf in load("current").leaves if leaf.c_request)
    assert requests["system.mount"] == 6
    assert requests["system.sysctl"] == 5
    assert requests["process.cansee"] == 6
    assert requests["network.altq"] == 12
    assert requests["device.rawio_passthru"] == 4


def test_never_asked() -> None:
    silent = {leaf.name for leaf in load("current").leaves if not leaf.asked}
    assert silent == set(NEVER_ASKED.split())


@pytest.mark.parametrize(("release", "asked"), [("9.4", True), ("10.1", True), ("11.0", False)])
def test_smb_is_asked_while_netsmb_exists(release: str, asked: bool) -> None:
    assert load(release).by_name["network.smb.vc_access"].asked is asked


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("system.lfs.markv", "9.4"),
        ("system.intr.affinity", "9.4"),
        ("process.cansee.eproc", "9.4"),
        ("process.cansee.kptr", "9.4"),
        ("system.kernaddr", "9.4"),
        ("network.bind.anyaddr", "10.1"),
        ("vnode.add_link", "10.1"),
        ("network.interface_wg.getpriv", "11.0"),
        ("network.interface_wg.setpriv", "11.0"),
    ],
)
def test_version_history(name: str, first: str) -> None:
    has = tuple(release for release in RELEASES if name in load(release).by_name)
    assert has == releases(first, None)


def test_identifiers_gone_before_9_are_absent() -> None:
    names = {leaf.c_request or leaf.c_action for leaf in all_leaves()}
    gone = {"KAUTH_MACHDEP_X86PMC", "KAUTH_REQ_SYSTEM_DEBUG_IPKDB", "KAUTH_REQ_PROCESS_PROCFS_CTL"}
    assert not names & gone
    assert not any(leaf.scope == "cred" for leaf in all_leaves())


def test_columns_count_over_all_releases() -> None:
    assert [leaf.column for leaf in all_leaves()] == list(range(len(all_leaves())))
    for release in RELEASES:
        leaves = load(release).leaves
        assert list(leaves) == sorted(leaves, key=lambda leaf: leaf.column)
        assert all(load("current").by_name[leaf.name].column == leaf.column for leaf in leaves)


def test_names() -> None:
    by_name = load("10.1").by_name
    leaf = by_name["system.mount.new"]
    assert (leaf.c_action, leaf.c_request) == ("KAUTH_SYSTEM_MOUNT", "KAUTH_REQ_SYSTEM_MOUNT_NEW")
    assert by_name["process.signal"].c_request is None
    passthru = by_name["device.rawio_passthru.readconf"]
    assert passthru.c_request == "KAUTH_REQ_DEVICE_RAWIO_PASSTHRU_READCONF"


def test_ktrace_is_asked_with_and_without_a_request() -> None:
    by_name = load("10.1").by_name
    assert by_name["process.ktrace"].c_request is None
    persistent = by_name["process.ktrace.persistent"]
    assert persistent.c_request == "KAUTH_REQ_PROCESS_KTRACE_PERSISTENT"


def test_aliases_name_the_same_bits() -> None:
    aliases = load("9.4").aliases
    assert aliases["vnode.list_directory"] == ("vnode.read_data",)
    assert aliases["vnode.search"] == ("vnode.execute",)
    assert len(aliases["device.rawio_passthru.all"]) == 4


def test_dimensions() -> None:
    by_name = load("current").by_name
    assert by_name["network.bind.port"].ports == (1024, 65535)
    assert by_name["network.bind.privport"].ports == (1, 1023)
    assert by_name["network.bind.anyaddr"].dimension == "none"
    assert by_name["network.socket.open"].dimension == "socket"
    assert by_name["network.socket.rawsock"].dimension == "rawsock"
    alone = {leaf.name for leaf in by_name.values() if leaf.dimension == "self"}
    assert alone == {"process.fork", "process.cansee.kptr"}
    masks = {leaf.action for leaf in by_name.values() if leaf.dimension == "mask"}
    assert masks == {leaf.action for leaf in by_name.values() if leaf.scope == "vnode"} | {
        "device.rawio_passthru"
    }


def test_grants_as_good_as_root_say_why() -> None:
    leaves = all_leaves()
    assert all(leaf.rootlike == bool(leaf.rootlike_reason) for leaf in leaves)
    rootlike = {leaf.name for leaf in leaves if leaf.rootlike}
    assert rootlike >= {
        "process.setid",
        "process.ptrace",
        "process.procfs.write",
        "system.module",
        "system.mknod",
        "system.mount.new",
        "system.sysctl.modify",
        "system.chroot.chroot",
        "machdep.iopl",
        "machdep.ioperm_set",
        "device.rawio_spec.rw",
        "device.rawio_passthru.write",
    }
    assert not rootlike & {"network.bind.privport", "process.signal", "system.reboot"}


def test_influence() -> None:
    influence = {leaf.name for leaf in all_leaves() if leaf.influence}
    assert {"process.signal", "process.ptrace", "process.rlimit.set"} <= influence
    assert not influence & {"process.setid", "process.cansee.entry", "process.procfs.read"}


def test_unknown_releases_are_refused() -> None:
    with pytest.raises(KeyError):
        load("10.0")


def test_loading_does_not_import_pydantic() -> None:
    program = (
        "import sys; from compiler.catalogue import actions, sysctl, voters, words;"
        "actions.load('10.1'); sysctl.load('10.1'); print('pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
