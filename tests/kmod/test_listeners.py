"""What the listeners make of the arguments of real callers, and of arguments nobody should pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kmod.build import Builder
from tests.kmod.house import DB, ROOT, SMALL, TRIAL, USER, WEB, column, house, populate
from tests.kmod.machine import session

DB_PROCESS, SMALL_PROCESS, TRIAL_PROCESS, WEB_PROCESS = 10, 20, 30, 40
TCP, UDP, SCTP = 6, 17, 132
AF_LOCAL, AF_INET, AF_INET6 = 1, 2, 24

#: Scopes with an action and a request that no release has.
SCOPES = ("generic", "system", "process", "network", "machdep", "device")
NO_ACTION, NO_REQUEST = 250, 250


@pytest.fixture(scope="module")
def driver(builder: Builder) -> Path:
    return builder.driver(house())


def ask(driver: Path, *commands: str) -> list[str]:
    """The verdicts of commands by a populated host."""
    setup = populate(DB, SMALL, TRIAL, WEB)
    answers = session(driver, *setup, *commands)
    return [answer.split()[0] for answer in answers[len(setup) :]]


@pytest.mark.parametrize("scope", SCOPES)
def test_unknown_actions_are_denied_in_cells_only(driver: Path, scope: str) -> None:
    asked = [
        f"raw {p} {scope} {NO_ACTION} 0 0 0 0" for p in (WEB_PROCESS, TRIAL_PROCESS, ROOT, USER)
    ]
    assert ask(driver, *asked) == ["deny", "defer", "defer", "defer"]


def test_unknown_requests_are_denied_in_cells_only(driver: Path) -> None:
    mount, bind, socket, spec = 8, 2, 8, 4
    for scope, action in (
        ("system", mount),
        ("network", bind),
        ("network", socket),
        ("device", spec),
    ):
        asked = [f"raw {p} {scope} {action} {NO_REQUEST} 0 0 0" for p in (WEB_PROCESS, ROOT, USER)]
        assert ask(driver, *asked) == ["deny", "defer", "defer"]


def test_process_requests_without_a_process(driver: Path) -> None:
    signal = 15
    asked = [f"raw {p} process {signal} 0 0 0 0" for p in (WEB_PROCESS, ROOT, USER)]
    assert ask(driver, *asked) == ["deny", "defer", "defer"]


def test_ktrace_with_and_without_its_request(driver: Path) -> None:
    alone, persistent = column("process.ktrace"), column("process.ktrace.persistent")
    target = f"target {WEB_PROCESS}"
    asked = [
        f"ask {p} {c} {target}" for p in (WEB_PROCESS, DB_PROCESS) for c in (alone, persistent)
    ]
    assert ask(driver, *asked) == ["defer", "defer", "deny", "deny"]


def test_the_host_and_cells(driver: Path) -> None:
    signal = column("process.signal")
    pairs = [
        (ROOT, WEB_PROCESS, "defer"),
        (USER, WEB_PROCESS, "deny"),
        (USER, ROOT, "defer"),
        (WEB_PROCESS, USER, "deny"),
        (WEB_PROCESS, WEB_PROCESS, "defer"),
        (WEB_PROCESS, DB_PROCESS, "defer"),
        (DB_PROCESS, WEB_PROCESS, "deny"),
        (TRIAL_PROCESS, WEB_PROCESS, "defer"),
    ]
    asked = [f"ask {who} {signal} target {whom}" for who, whom, _ in pairs]
    assert ask(driver, *asked) == [verdict for *_, verdict in pairs]


@pytest.mark.parametrize("family", [AF_INET, AF_INET6])
@pytest.mark.parametrize("form", ["explicit", "candidate"])
def test_ports_of_others(driver: Path, form: str, family: int) -> None:
    port = column("network.bind.port")
    cases = [
        (WEB_PROCESS, TCP, 5432, "deny"),
        (WEB_PROCESS, UDP, 5432, "deny"),
        (DB_PROCESS, TCP, 5432, "defer"),
        (DB_PROCESS, SCTP, 5432, "deny"),
        (WEB_PROCESS, TCP, 8080, "defer"),
        (WEB_PROCESS, UDP, 8080, "deny"),
        (WEB_PROCESS, TCP, 50000, "defer"),
        (WEB_PROCESS, TCP, 0, "defer"),
        (USER, TCP, 5432, "deny"),
        (USER, SCTP, 5432, "defer"),
        (USER, TCP, 5433, "defer"),
        (ROOT, TCP, 5432, "defer"),
        (TRIAL_PROCESS, TCP, 5432, "defer"),
    ]
    asked = [f"ask {who} {port} bind {form} {family} {p} {n}" for who, p, n, _ in cases]
    assert ask(driver, *asked) == [verdict for *_, verdict in cases]


def test_bytes_of_a_port_are_swapped_for_bind_only(driver: Path) -> None:
    swapped = 5432 >> 8 | (5432 & 0xFF) << 8
    port = column("network.bind.port")
    asked = [
        f"ask {USER} {port} bind {form} {AF_INET} {TCP} {swapped}"
        for form in ("explicit", "candidate")
    ]
    assert ask(driver, *asked) == ["defer", "defer"]


@pytest.mark.parametrize("form", ["null", "nosocket"])
def test_binds_without_address_or_socket(driver: Path, form: str) -> None:
    port = column("network.bind.port")
    asked = [f"ask {p} {port} bind {form} {AF_INET} {TCP} 80" for p in (DB_PROCESS, USER, ROOT)]
    assert ask(driver, *asked) == ["deny", "defer", "defer"]


def test_binds_of_families_without_ports(driver: Path) -> None:
    port = column("network.bind.port")
    asked = [f"ask {p} {port} bind explicit {AF_LOCAL} 0 0" for p in (DB_PROCESS, USER)]
    assert ask(driver, *asked) == ["deny", "defer"]


def test_anyaddr_reads_no_address(driver: Path) -> None:
    anyaddr = column("network.bind.anyaddr")
    assert ask(driver, f"ask {WEB_PROCESS} {anyaddr} bind null {AF_INET} {TCP} 0") == ["defer"]


def test_vnode_rights_together(driver: Path) -> None:
    read, write, execute, is_exec, access = 1, 2, 4, 1 << 29, 1 << 31
    flag = 1 << 40
    cases = {
        read: "defer",
        write: "deny",
        read | execute: "defer",
        read | write | execute: "deny",
        is_exec | access | flag: "defer",
        write | is_exec | flag: "deny",
        0: "defer",
    }
    asked = [f"raw {WEB_PROCESS} vnode {action} 0 0 0 0" for action in cases]
    assert ask(driver, *asked) == list(cases.values())
    assert set(ask(driver, *(f"raw {ROOT} vnode {a} 0 0 0 0" for a in cases))) == {"defer"}


def test_passthru_rights_together(driver: Path) -> None:
    passthru = 5
    read, write, readconf, writeconf, unknown = 1, 2, 4, 8, 16
    cases = {
        read: "allow",
        read | readconf: "allow",
        read | writeconf: "defer",
        writeconf: "defer",
        read | write: "deny",
        15: "deny",
        read | unknown: "deny",
        0: "defer",
    }
    asked = [f"raw {WEB_PROCESS} device {passthru} {bits} 0 0 0" for bits in cases]
    assert ask(driver, *asked) == list(cases.values())


def test_socket_numbers_out_of_range(driver: Path) -> None:
    socket = column("network.socket.open")
    numbers = [(2, 3, 1), (2, 1, 0), (-1, -1, -1), (100000, 3, -5), (2**31 - 1, 2**31 - 1, 0)]
    asked = [f"ask {WEB_PROCESS} {socket} socket {d} {t} {p}" for d, t, p in numbers]
    assert ask(driver, *asked) == ["deny", "defer", "defer", "deny", "defer"]


def test_nothing_is_asked_of_an_empty_house(driver: Path) -> None:
    """Without processes in cells only ports are kept, from all but root."""
    signal, port = column("process.signal"), column("network.bind.port")
    asked = [
        f"ask {USER} {signal} target {ROOT}",
        f"ask {USER} {port} bind explicit {AF_INET} {TCP} 5432",
        f"ask {ROOT} {port} bind explicit {AF_INET} {TCP} 5432",
    ]
    answers = session(driver, *populate(), *asked)[-3:]
    assert [a.split()[0] for a in answers] == ["defer", "deny", "defer"]
