"""Entering cells, what inherits an id, and when the module may go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kmod.build import Builder
from tests.kmod.house import DB, ROOT, SMALL, TRIAL, USER, WEB, house, lower, populate
from tests.kmod.machine import run, session

EPERM, ESRCH, EBUSY, EINVAL, ENOTTY, ERANGE, EAGAIN = 1, 3, 16, 22, 25, 34, 35
P = 50


@pytest.fixture(scope="module")
def driver(builder: Builder) -> Path:
    return builder.driver(house())


def last(driver: Path, *commands: str) -> str:
    return session(driver, *commands)[-1]


def test_root_enters_a_cell_for_good(driver: Path) -> None:
    said = session(
        driver, f"proc {P} 0", f"get {P} id", f"set {P} id {DB}", f"get {P} id", f"ids {P}",
        f"set {P} id {SMALL}", f"set {P} id {DB}", f"set {P} id 0", f"ids {P}",
    )  # fmt: skip
    assert said[1:] == [
        "0 4 0", "0", f"0 4 {DB}", f"{DB} {DB}", str(EPERM), str(EPERM), str(EPERM), f"{DB} {DB}",
    ]  # fmt: skip


def test_only_root_of_the_host_enters(driver: Path) -> None:
    assert last(driver, f"proc {P} 1000", f"set {P} id {DB}") == str(EPERM)


@pytest.mark.parametrize(
    ("id_", "error"), [(0, EINVAL), (-1, EINVAL), (65536, EINVAL), (5, ESRCH), (65535, ESRCH)]
)
def test_cells_that_are_not_in_the_policy(driver: Path, id_: int, error: int) -> None:
    assert last(driver, f"proc {P} 0", f"set {P} id {id_}") == str(error)


def test_processes_with_several_threads_do_not_enter(driver: Path) -> None:
    said = session(
        driver, f"proc {P} 0", f"nlwps {P} 2", f"set {P} id {DB}", f"ids {P}", "get 0 cells",
        f"nlwps {P} 1", f"set {P} id {DB}",
    )  # fmt: skip
    assert said[2:4] == [str(EBUSY), "0 0"]
    assert "1 db enforcing 0 0" in said[4], "the place is given back"
    assert said[-1] == "0"


def test_limits_above_the_ceilings_keep_a_process_out(driver: Path) -> None:
    assert last(driver, f"proc {P} 0", f"set {P} id {WEB}") == str(ERANGE)
    assert last(driver, f"proc {P} 0", *lower(P, WEB), f"set {P} id {WEB}") == "0"
    assert last(driver, f"proc {P} 0", f"set {P} id {TRIAL}") == "0", "a permissive cell lets it in"


def test_children_and_setuid_keep_the_id(driver: Path) -> None:
    said = session(
        driver, *populate(DB), "setuid 10 100", "ids 10", "fork 10 11", "setuid 11 101", "ids 11",
        "fork 11 12", "ids 12",
    )  # fmt: skip
    assert [said[-6], said[-3], said[-1]] == [f"{DB} {DB}"] * 3


def test_a_copied_credential_is_in_the_cell_of_its_source(driver: Path) -> None:
    said = session(
        driver, *populate(DB, SMALL), f"copy {ROOT} 10", f"copy 10 {ROOT}", "copy 10 20",
        "copy 10 10", "exit 10", "exit 20", "fini",
    )  # fmt: skip
    assert said[-7:-3] == [str(DB), "0", str(SMALL), str(DB)]
    assert said[-1] == "0", "no credential is left"


def test_a_full_cell_takes_no_more(driver: Path) -> None:
    said = session(
        driver, *populate(SMALL), "fork 20 21", "fork 20 22", "fork 20 23", f"proc {P} 0",
        f"set {P} id {SMALL}", "exit 21", f"set {P} id {SMALL}", "get 0 cells",
    )  # fmt: skip
    assert said[-8:-1] == ["0", "0", str(EAGAIN), "0", str(EAGAIN), "0", "0"]
    assert "2 small enforcing 3 " in said[-1]


def test_a_fork_that_fails_keeps_its_place_for_the_thread(driver: Path) -> None:
    said = session(
        driver, *populate(SMALL), "fork 20 21 fail", "fork 20 21 fail", "fork 20 21", "fork 20 22",
        "fork 20.1 23", "get 0 cells",
    )  # fmt: skip
    assert said[-6:-1] == ["12", "12", "0", "0", str(EAGAIN)]
    assert "2 small enforcing 3 " in said[-1]


def test_places_of_threads_come_back_when_they_end(driver: Path) -> None:
    said = session(
        driver, *populate(SMALL), "fork 20 21", "fork 21 22 fail", "fork 21.1 22", "get 0 cells",
        "exit 21", "get 0 cells", "fork 20 23", "fork 20 24", "exit 20", "exit 23", "exit 24",
        "get 0 cells",
    )  # fmt: skip
    assert said[-10] == str(EAGAIN), "one place is reserved by the other thread"
    assert "2 small enforcing 3 " in said[-9]
    assert "2 small enforcing 1 " in said[-7]
    assert said[-6:-4] == ["0", "0"]
    assert "2 small enforcing 0 " in said[-1]


def test_permissive_cells_overflow_and_say_so(driver: Path) -> None:
    said = session(driver, *populate(TRIAL), "fork 30 31", "fork 30 32", "get 0 cells", "log")
    assert said[-4:-2] == ["0", "0"]
    assert "3 trial permissive 3 1" in said[-2]
    assert "permissive cell=trial action=process.fork limit=processes" in said[-1]


def test_the_module_stays_while_anything_is_in_a_cell(driver: Path) -> None:
    said = session(
        driver, *populate(DB), "fini", "fork 10 11", "exit 10", "fini", "exit 11", "fini",
        "leftovers",
    )  # fmt: skip
    assert [said[-7], said[-4], said[-2], said[-1]] == [str(EBUSY), str(EBUSY), "0", "0"]


def test_the_module_is_not_unloaded_by_itself(driver: Path) -> None:
    assert session(driver, "autounload", "stat", "fini", "init")[:] == [
        str(EBUSY), str(ENOTTY), "0", "0",
    ]  # fmt: skip


def test_a_start_that_fails_leaves_nothing(driver: Path) -> None:
    for nth in range(100):
        started, left = run(driver, [f"init {nth}", "leftovers"])
        if started == "0":
            break
        assert left == "0", f"after failure {nth}"
    assert nth >= 15, "every part of the start can fail"


def test_signals_reach_the_processes_of_a_cell(driver: Path) -> None:
    setup = [*populate(DB, SMALL), "fork 10 11"]
    said = session(driver, *setup, f"set {ROOT} signal {DB} 9", "log")
    assert said[-2] == "0"
    assert sorted(said[-1].splitlines()) == ["signal 9 to 10", "signal 9 to 11"]


@pytest.mark.parametrize(
    ("process", "numbers", "error"),
    [
        (USER, f"{DB} 9", EPERM),
        (10, f"{DB} 9", EPERM),
        (ROOT, "0 9", EINVAL),
        (ROOT, "-1 9", EINVAL),
        (ROOT, "65536 9", EINVAL),
        (ROOT, f"{DB} 0", EINVAL),
        (ROOT, f"{DB} 64", EINVAL),
        (ROOT, f"{DB} -1", EINVAL),
        (ROOT, f"{DB}", EINVAL),
    ],
)
def test_signals_that_are_refused(driver: Path, process: int, numbers: str, error: int) -> None:
    said = session(driver, *populate(DB), f"set {process} signal {numbers}", "log")
    assert said[-2:] == [str(error), ""]


def test_limits_are_raised_up_to_the_ceiling_only(driver: Path) -> None:
    nofile, core = 8, 4
    cases = [
        (f"rlimit 40 40 {nofile} 4096 4096", "defer"),
        (f"rlimit 40 40 {nofile} 4096 4097", "deny"),
        (f"rlimit 40 40 {nofile} 64 64 apply", "defer"),
        (f"rlimit 40 40 {nofile} 128 4096", "defer"),
        (f"rlimit 40 40 {core} 1 0", "deny"),
        (f"rlimit 40 40 {core} 0 0", "defer"),
        (f"rlimit 40 40 0 5 {2**64 - 1}", "defer"),
        ("rlimit 40 40 8 1 1 null", "defer"),
        ("rlimit 40 40 99 9999 9999", "defer"),
        ("rlimit 40 40 -1 9999 9999", "defer"),
        (f"rlimit {ROOT} 40 {nofile} 9999 9999 apply", "defer"),
        (f"rlimit 40 40 {nofile} 9000 9999", "defer"),
        (f"rlimit 40 40 {nofile} 9000 10000", "deny"),
    ]
    said = session(driver, *populate(WEB), *(command for command, _ in cases))
    assert said[-len(cases) :] == [verdict for _, verdict in cases]


def test_a_process_number_that_is_used_again_is_not_in_a_cell(driver: Path) -> None:
    """Nothing is left of who had the number, whether the next one is of the host or a cell."""
    said = session(
        driver, *populate(DB, WEB), "ids 40", "exit 40", "fork 0 40", "ids 40", "exit 40",
        "fork 10 40", "ids 40",
    )  # fmt: skip
    assert said[-7] == f"{WEB} {WEB}"
    assert said[-4] == "0 0"
    assert said[-1] == f"{DB} {DB}"
