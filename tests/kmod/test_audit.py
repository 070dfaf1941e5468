"""Counts of denials are exact; lines are rate-limited and say what they leave out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.kmod.build import Builder
from tests.kmod.house import DB, ROOT, TRIAL, USER, WEB, column, house, populate
from tests.kmod.machine import session
from tests.semantics.support import program

MODULE = column("system.module")
#: Lines a second from one cell.
RATE = 10


@pytest.fixture(scope="module")
def driver(builder: Builder) -> Path:
    return builder.driver(house())


def rule_id(leaf: str, effect: str = "deny") -> str:
    ir = house()
    ids = [
        rule.id
        for rule in ir.rules
        if rule.effect == effect and ir.action_sets[rule.requests.actions] == (leaf,)
    ]
    assert len(ids) == 1
    return f"{ids[0]:08x}"


def lines(driver: Path, *commands: str) -> list[str]:
    said = session(driver, *populate(DB, TRIAL, WEB), *commands, "log")[-1]
    return said.splitlines()


def test_a_line_for_each_kind_of_request(driver: Path) -> None:
    port, socket, signal = (
        column(name) for name in ("network.bind.port", "network.socket.open", "process.signal")
    )
    found = lines(
        driver,
        "setuid 40 70",
        f"ask 40 {MODULE}",
        f"ask 40 {port} bind explicit 2 6 5432",
        f"ask 40 {port} bind explicit 2 132 2000",
        f"ask 40 {socket} socket 24 3 58",
        f"ask 10 {signal} target 40",
        f"ask 10 {signal} target {USER}",
        "raw 40 vnode 7 0 0 0 0",
        "rlimit 40 40 8 9999 9999",
        "raw 40 system 250 0 0 0 0",
        f"ask {USER} {signal} target 40",
    )
    ids = house()
    listen = next(
        f"{r.id:08x}" for r in ids.rules if r.listen and r.requests.ports == ((5432, 5432),)
    )
    binds = next(f"{r.id:08x}" for r in ids.rules if r.requests.ports == ((1, 49151),))
    raw = next(f"{r.id:08x}" for r in ids.rules if r.requests.types == ("raw",))
    web = "pid=40 uid=70"
    assert all(line.startswith("cellpolicy: deny cell=") for line in found)
    assert [line.removeprefix("cellpolicy: deny cell=") for line in found] == [
        f"web action=system.module rule={rule_id('system.module')} {web}",
        f"web action=network.bind.port proto=tcp port=5432 rule={listen} {web}",
        f"web action=network.bind.port proto=other port=2000 rule={binds} {web}",
        f"web action=network.socket.open domain=24 type=3 protocol=58 rule={raw} {web}",
        "db action=process.signal to=web rule=default pid=10 uid=0",
        "db action=process.signal to=host rule=default pid=10 uid=0",
        f"web action=vnode.write_data rule={rule_id('vnode.write_data')} {web}",
        f"web action=process.rlimit.set limit=nofile rule=default {web}",
        f"web action=unknown rule=default {web}",
        f"host action=process.signal to=web rule=default pid={USER} uid=1000",
    ]


def test_permissive_cells_say_so(driver: Path) -> None:
    (line,) = lines(driver, f"ask 30 {MODULE}")
    assert line.startswith("cellpolicy: permissive cell=trial action=system.module rule=")


def test_only_limits_are_compared_with_ceilings(driver: Path) -> None:
    """What other actions pass may be the same numbers."""
    (line,) = lines(driver, "rlimit 30 40 8 9999 9999 ptrace")
    assert "permissive cell=trial action=process.ptrace to=web rule=" in line


def test_permitted_requests_say_nothing(driver: Path) -> None:
    assert lines(driver, f"ask 40 {column('system.reboot')}", f"ask {ROOT} {MODULE}") == []


def denials(driver: Path, cell: str, *commands: str) -> int:
    said = session(driver, *populate(DB, TRIAL, WEB), *commands, "get 0 cells")[-1]
    found = re.search(rf" {cell} \w+ \d+ (\d+)\|", said)
    assert found is not None
    return int(found[1])


def test_counts_are_exact_whatever_is_logged(driver: Path) -> None:
    asked = [f"ask 40 {MODULE}"] * 1000
    assert denials(driver, "web", *asked) == 1000
    assert denials(driver, "db", *asked) == 0
    assert denials(driver, "trial", *(f"ask 30 {MODULE}" for _ in range(77))) == 77


def test_lines_beyond_the_rate_are_counted(driver: Path) -> None:
    found = lines(driver, *[f"ask 40 {MODULE}"] * 50, "time 1", f"ask 40 {MODULE}")
    assert len(found) == RATE + 1
    marked = [line for line in found if "suppressed=" in line]
    assert [line.rpartition(" ")[2] for line in marked] == ["suppressed=40"]


def test_one_cell_does_not_silence_another(driver: Path) -> None:
    found = lines(driver, *[f"ask 40 {MODULE}"] * 500, f"ask 10 {MODULE}")
    assert sum("cell=web" in line for line in found) == RATE
    assert sum("cell=db" in line for line in found) == 1


def test_a_ring_that_nobody_drains_loses_lines_only(driver: Path) -> None:
    """One line a second for each second, more than there are records."""
    asked = [c for _ in range(400) for c in (f"ask 40 {MODULE}", "time 1")]
    found = lines(driver, *asked)
    assert denials(driver, "web", *asked) == 400
    assert len(found) <= 256
    lost = [int(n) for line in found for n in re.findall(r"suppressed=(\d+)", line)]
    later = lines(driver, *asked, "log", "time 1", f"ask 40 {MODULE}")
    lost += [int(n) for line in later for n in re.findall(r"suppressed=(\d+)", line)]
    assert len(found) + sum(lost) == 400


def test_threads_at_once_lose_no_count(driver: Path) -> None:
    threads, rounds = 4, 20_000
    said = session(
        driver, *populate(DB, WEB), f"storm 40 {WEB} 3 {threads} {rounds}", "log", "time 1",
        f"ask 40 {MODULE}", "log", "get 0 cells",
    )  # fmt: skip
    assert f"{WEB} web enforcing 1 {threads * rounds + 1}|" in said[-1]
    first, last = said[-5].splitlines(), said[-2].splitlines()
    lost = [int(n) for line in first + last for n in re.findall(r"suppressed=(\d+)", line)]
    assert len(first) + sum(lost) == threads * rounds


def test_a_permissive_policy_refuses_nothing(builder: Builder) -> None:
    ir = program("permissive;\ncell a { profile high; listen tcp 80; limits { processes 1; } }").ir
    port, see = column("network.bind.privport"), column("process.cansee.entry")
    asked = [
        f"proc {USER} 1000",
        "proc 10 0",
        "set 10 id 1",
        f"ask 10 {MODULE}",
        f"ask {USER} {port} bind explicit 2 6 80",
        f"ask {USER} {see} target 10",
        "fork 10 11",
        "get 0 mode",
        "log",
    ]
    said = session(builder.driver(ir), *asked)
    assert [answer.split()[0] for answer in said[3:7]] == ["defer", "defer", "defer", "0"]
    assert said[-2].endswith("permissive")
    assert said[-1].count("cellpolicy: permissive cell=") == 4


def test_lines_of_rules_that_do_not_narrow(builder: Builder) -> None:
    ir = program("cell a { profile low; deny network.bind; deny network.socket.open; }").ir
    port, socket = column("network.bind.port"), column("network.socket.open")
    said = session(
        builder.driver(ir), "proc 10 0", "set 10 id 1", f"ask 10 {port} bind explicit 2 17 0",
        f"ask 10 {socket} socket 2 1 6", "log",
    )[-1]  # fmt: skip
    rules = {name: f"{r.id:08x}" for r in ir.rules for name in ir.action_sets[r.requests.actions]}
    bind, opened = rules["network.bind.port"], rules["network.socket.open"]
    assert said.splitlines() == [
        f"cellpolicy: deny cell=a action=network.bind.port proto=udp port=auto rule={bind}"
        " pid=10 uid=0",
        "cellpolicy: deny cell=a action=network.socket.open domain=2 type=1 protocol=6"
        f" rule={opened} pid=10 uid=0",
    ]
