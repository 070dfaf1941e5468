"""sysctl nodes per release and the values they take."""

from __future__ import annotations

import pytest

from compiler.catalogue.actions import RELEASES
from compiler.catalogue.sysctl import (
    SECURELEVEL,
    all_nodes,
    canonical,
    check_value,
    integer,
    load,
    node_for,
    releases_with,
)

RESERVE = "net.inet.ip.anonportalgo.reserve"


@pytest.mark.parametrize(
    ("name", "releases"),
    [
        ("kern.securelevel", RELEASES),
        ("security.pax.mprotect.global", RELEASES),
        ("security.models.extensions.hardlink_check_uid", ("10.1", "11.0", "current")),
        ("kern.entropy.collection", ("10.1", "11.0", "current")),
        ("kern.heartbeat.max_period", ("11.0", "current")),
        ("net.bpf.jit", ("11.0", "current")),
        ("net.inet6.ip6.accept_rtadv", ("9.4",)),
        ("kern.no_such_node", ()),
        ("proc.curproc.corename", ()),
    ],
)
def test_releases(name: str, releases: tuple[str, ...]) -> None:
    assert releases_with(name) == releases
    assert tuple(r for r in RELEASES if name in load(r).nodes) == releases


@pytest.mark.parametrize(
    ("name", "text", "fine"),
    [
        ("security.models.extensions.curtain", "1", True),
        ("security.models.extensions.curtain", "yes", False),
        ("security.pax.mprotect.global", "1", True),
        ("security.pax.mprotect.global", "2", False),
        ("security.pax.mprotect.global", "-1", False),
        ("security.pax.mprotect.global", "0x1", True),
        ("security.pax.mprotect.global", "01", True),
        ("security.pax.mprotect.global", "08", False),
        ("security.pax.mprotect.global", "", False),
        ("security.pax.mprotect.global", "1;reboot", False),
        ("security.pax.aslr.flags", "0x3f", True),
        ("security.pax.aslr.flags", "0x40", False),
        ("security.pax.aslr.flags", "-1", False),
        ("security.pax.aslr.mmap_len", "1", False),
        ("kern.expose_address", "2", True),
        ("kern.expose_address", "3", False),
        ("kern.maxproc", "29999", True),
        ("kern.maxproc", "30000", False),
        ("kern.maxfiles", "2147483647", True),
        ("kern.maxfiles", "2147483648", False),
        ("kern.maxfiles", "1" * 5000, False),
        ("vm.thread_guard_size", "4294967295", True),
        ("vm.thread_guard_size", "-1", False),
        ("kern.ipc.shmmax", "9223372036854775807", True),
        ("kern.ipc.shmmax", "9223372036854775808", False),
        ("kern.sooptions", "0x4", True),
        ("kern.sooptions", "0x2", False),
        ("net.inet.ip.anonportmin", "1023", False),
        ("net.inet.ip.anonportmin", "1024", True),
        ("net.inet.ip.lowportmax", "1024", False),
        ("net.inet.ip.anonportalgo.selected", "random_start", True),
        ("net.inet.ip.anonportalgo.selected", "random", False),
        (RESERVE, "", True),
        (RESERVE, "8080,5432", True),
        (RESERVE, "8080, 5432", False),
        (RESERVE, "8080-8090", False),
        (RESERVE, "65536", False),
        (RESERVE, "0", False),
        ("kern.coredump.setid.mode", "0600", True),
        ("kern.coredump.setid.mode", "u=rw,go=", True),
        ("kern.coredump.setid.mode", "rw", False),
        ("kern.coredump.setid.path", "/var/crash/%n.core", True),
        ("kern.coredump.setid.path", "", False),
        ("kern.coredump.setid.path", "x" * 1024, False),
        ("hw.firmware.path", "/libdata/firmware:/usr/libdata/firmware", True),
        ("hw.firmware.path", "libdata", False),
        ("hw.firmware.path", "/a\n/b", False),
        ("kern.module.path", "/stand", False),
        ("kern.entropy.consolidate", "1", True),
        ("kern.entropy.consolidate", "0", False),
        ("hw.keylock.order", "1", False),
    ],
)
def test_values(name: str, text: str, fine: bool) -> None:
    node = node_for(name)
    assert node is not None
    message = check_value(node, text)
    assert (message is None) is fine
    assert message is None or message.startswith("it ")


def test_hardened_values_are_accepted() -> None:
    hardened = [node for node in all_nodes().values() if node.hardened is not None]
    assert len(hardened) > 50
    for node in hardened:
        assert node.hardened is not None
        assert check_value(node, node.hardened) is None, node.name


def test_every_writable_node_says_what_it_takes_when_it_refuses() -> None:
    for node in all_nodes().values():
        message = check_value(node, "\0")
        if node.type != "string" or node.range.words:
            assert message, node.name


def test_aliases_share_one_variable() -> None:
    assert canonical("kern.securelevel") in SECURELEVEL
    assert canonical("security.models.bsd44.securelevel") in SECURELEVEL
    assert canonical("security.curtain") == canonical("security.models.bsd44.curtain")
    assert canonical("vfs.generic.usermount") == "security.models.extensions.usermount"
    assert canonical("kern.maxproc") == "kern.maxproc"
    assert canonical("kern.no_such_node") == "kern.no_such_node"


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("kern.securelevel", "raise-only"),
        ("kern.veriexec.strict", "raise-only"),
        ("security.curtain", "zero-if-securelevel<=0"),
        ("security.models.extensions.usermount", "nonzero-if-securelevel<=0"),
        ("security.models.extensions.hardlink_check_gid", "nonzero-if-securelevel<=0"),
        ("vm.user_va0_disable", "zero-if-securelevel<=0"),
        ("kern.coredump.setid.dump", "securelevel<=0"),
        ("net.inet.ip.forwsrcrt", "securelevel<=0"),
        ("security.pax.aslr.global", "always"),
        ("machdep.svs.enabled", "never"),
    ],
)
def test_who_may_write(name: str, write: str) -> None:
    node = node_for(name)
    assert node is not None
    assert node.write == write


def test_nodes_of_options_say_what_they_need() -> None:
    nodes = load("10.1").nodes
    assert nodes["ddb.onpanic"].needs == "options DDB"
    assert nodes["machdep.user_ldt"].needs == "x86"
    assert nodes["kern.maxproc"].needs == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-0x10", -16), ("017", 15), (" 7\t", 7), ("1e3", None), ("+1", None), ("٣", None)],
)
def test_numbers_are_read_as_in_c(text: str, value: int | None) -> None:
    assert integer(text) == value


def test_unknown_releases_are_refused() -> None:
    with pytest.raises(KeyError):
        load("8.0")
