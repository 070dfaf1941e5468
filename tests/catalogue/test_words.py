"""Words of NetBSD and what they stand for."""

from __future__ import annotations

import pytest

from compiler.catalogue.words import (
    DEVICE_NODES,
    DEVICES,
    DOMAINS,
    FACILITIES,
    IP_PROTOCOLS,
    LEVELS,
    PROTOCOL_FAMILIES,
    RLIMITS,
    SOCKET_PROTOCOLS,
    SOCKET_TYPES,
    TYPES,
    Constant,
)

ALL = {
    "PF_": (PROTOCOL_FAMILIES, DOMAINS),
    "SOCK_": (TYPES, SOCKET_TYPES),
    "IPPROTO_": (IP_PROTOCOLS, SOCKET_PROTOCOLS),
}


@pytest.mark.parametrize("prefix", ALL)
def test_a_value_has_one_name(prefix: str) -> None:
    constants, words = ALL[prefix]
    assert len({constant.value for constant in constants.values()}) == len(constants)
    assert set(words.values()) == set(constants)
    for name, constant in constants.items():
        assert constant.name == name == words[name]
        assert constant.c.startswith(prefix)
        assert constant.c.removeprefix(prefix).lower() == name


@pytest.mark.parametrize(
    ("constants", "name", "c", "value"),
    [
        (PROTOCOL_FAMILIES, "local", "PF_LOCAL", 1),
        (PROTOCOL_FAMILIES, "inet", "PF_INET", 2),
        (PROTOCOL_FAMILIES, "decnet", "PF_DECnet", 12),
        (PROTOCOL_FAMILIES, "oroute", "PF_OROUTE", 17),
        (PROTOCOL_FAMILIES, "inet6", "PF_INET6", 24),
        (PROTOCOL_FAMILIES, "key", "PF_KEY", 29),
        (PROTOCOL_FAMILIES, "bluetooth", "PF_BLUETOOTH", 31),
        (PROTOCOL_FAMILIES, "route", "PF_ROUTE", 34),
        (TYPES, "raw", "SOCK_RAW", 3),
        (TYPES, "seqpacket", "SOCK_SEQPACKET", 5),
        (IP_PROTOCOLS, "tcp", "IPPROTO_TCP", 6),
        (IP_PROTOCOLS, "icmpv6", "IPPROTO_ICMPV6", 58),
        (IP_PROTOCOLS, "sctp", "IPPROTO_SCTP", 132),
    ],
)
def test_constants(constants: dict[str, Constant], name: str, c: str, value: int) -> None:
    assert (constants[name].c, constants[name].value) == (c, value)


def test_other_spellings() -> None:
    assert DOMAINS["unix"] == "local"
    assert DOMAINS["osi"] == "iso"
    assert SOCKET_TYPES["dccp"] == "conn_dgram"
    assert SOCKET_PROTOCOLS["ipip"] == "ipv4"
    assert SOCKET_PROTOCOLS["ipv6_icmp"] == "icmpv6"
    assert "max" not in DOMAINS


def test_limits() -> None:
    assert RLIMITS["as"].c == "RLIMIT_AS"
    assert RLIMITS["nofile"].unit == "count"
    assert RLIMITS["cpu"].unit == "seconds"
    assert [limit.value for limit in RLIMITS.values()] == list(range(12))
    assert all(limit.c == f"RLIMIT_{name.upper()}" for name, limit in RLIMITS.items())


def test_syslog() -> None:
    assert {"daemon", "auth", "local0", "local7"} <= set(FACILITIES)
    assert "kern" not in FACILITIES
    assert LEVELS[0] == "emerg"
    assert len(LEVELS) == 8


def test_devices() -> None:
    assert {"null", "zero", "random", "tty", "stdin", "ptm", "pts", "fd"} <= set(DEVICES)
    assert not {"mem", "kmem", "console", "drum", "wd0"} & set(DEVICES)
    null = DEVICE_NODES["null"]
    assert (null.driver, null.minor, null.mode) == ("mem", 2, 0o666)
    assert DEVICE_NODES["bpf"].caution
    assert not null.caution
