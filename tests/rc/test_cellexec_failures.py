"""Every way in which cellexec(8) ends without running the command, and with which status."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.rc.fake_kernel import (
    ENTER,
    GROUP,
    HOST_ROOT,
    IDENTITY,
    IMAGE,
    LIMIT,
    NO_CELL,
    NO_POLICY,
    ROOT,
    SETUP,
    USAGE,
    USER,
    Kernel,
    as_root,
    needs_gcc,
)

pytestmark = needs_gcc

ENTRY_ERRORS: list[tuple[Sequence[str], int, str]] = [
    (("we", "state"), NO_CELL, 'no cell "we"'),
    (("7", "state"), NO_CELL, 'no cell "7"'),
    (("-u", "nobody", "web", "state"), USER, 'no user "nobody"'),
    (("-g", "nobody", "web", "state"), GROUP, 'no group "nobody"'),
    (("-u", "4000", "web", "state"), GROUP, "name a group"),
    (("-c", "/no/such", "web", "state"), ROOT, "/no/such"),
    (("-l", "nofile=99999999999", "web", "state"), LIMIT, "limit nofile"),
]


@as_root
@pytest.mark.parametrize(("args", "status", "message"), ENTRY_ERRORS)
def test_failures_before_entry(
    kernel: Kernel, args: Sequence[str], status: int, message: str
) -> None:
    done = kernel.run("-c", str(kernel.root), *args)
    assert done.returncode == status, done.stderr
    assert message in done.stderr
    assert kernel.log() == ""


@as_root
@pytest.mark.parametrize(
    ("errno", "message"),
    [
        (1, "Operation not permitted"),
        (3, "No such process"),
        (11, "as many processes as"),
        (34, "-l"),
    ],
)
def test_the_kernel_refuses_entry(kernel: Kernel, errno: int, message: str) -> None:
    kernel.set(id_errno=str(errno))
    done = kernel.run("-c", str(kernel.root), "web", "state")
    assert (done.returncode, done.stdout) == (ENTER, "")
    assert message in done.stderr


FAULTS: list[tuple[str, int, Sequence[str]]] = [
    ("open -1 1", SETUP, ()),
    ("fstat -1 1", USER, ()),
    ("fdopen -1 1", USER, ()),
    ("fdopen -1 2", GROUP, ()),
    ("strdup -1 1", SETUP, ()),
    ("calloc -1 1", NO_POLICY, ()),
    ("realloc -1 1", SETUP, ("-e", "A=b")),
    ("chdir -1 1", ROOT, ()),
    ("chdir -1 2", ROOT, ()),
    ("setitimer -1 1", SETUP, ()),
    ("sigprocmask -1 1", SETUP, ()),
    ("setsid -1 1", SETUP, ("-s",)),
    ("setgroups -1 1", IDENTITY, ()),
    ("setgid -1 1", IDENTITY, ()),
    ("setreuid -1 1", IDENTITY, ()),
]
AFTER_ENTRY: list[tuple[str, int, Sequence[str]]] = [
    ("setgid 0 1", IDENTITY, ()),
    ("setuid -1 1", IDENTITY, ()),
    ("setuid 0 1", IDENTITY, ()),
    ("setenv -1 1", SETUP, ()),
    ("putenv -1 1", SETUP, ("-e", "A=b")),
]


@as_root
@pytest.mark.parametrize(("fault", "status", "options"), FAULTS + AFTER_ENTRY)
def test_every_step_is_checked(
    kernel: Kernel, fault: str, status: int, options: Sequence[str]
) -> None:
    args = ("-c", str(kernel.root), "-u", "www", *options, "web", "state")
    done = kernel.run(*args, env={"SHIM_FAULT": fault})
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("cellexec: ")
    assert (kernel.log() != "") == ((fault, status, options) in AFTER_ENTRY)


@as_root
@pytest.mark.parametrize("fault", ["fstat -1 1", "malloc -1 1", "read -1 1", "read 0 1"])
def test_an_image_that_cannot_be_read_is_not_loaded(
    kernel: Kernel, tmp_path: Path, fault: str
) -> None:
    (tmp_path / "image").write_text("some")
    done = kernel.run("-f", str(tmp_path / "image"), env={"SHIM_FAULT": fault})
    assert (done.returncode, kernel.log()) == (IMAGE, "")


@as_root
@pytest.mark.parametrize("now", ["abc", "abcdefgh"])  # another number, and no number
def test_entry_is_confirmed(kernel: Kernel, now: str) -> None:
    kernel.set(id=now)
    done = kernel.run("-c", str(kernel.root), "web", "state")
    assert (done.returncode, done.stdout) == (ENTER, "")


@as_root
def test_a_cell_that_lost_its_name_meanwhile_runs_nothing(kernel: Kernel) -> None:
    kernel.set(cells_next="7 other enforcing 1 0\n8 web enforcing 0 0\n")
    done = kernel.run("-c", str(kernel.root), "web", "state")
    assert (done.returncode, done.stdout) == (ENTER, "")
    assert "no longer the id of cell web" in done.stderr


@as_root
@pytest.mark.parametrize("line", ["0 web", "x web", "65536 web"])
def test_ids_that_are_none(kernel: Kernel, line: str) -> None:
    kernel.set(cells=f"{line} enforcing 0 0\n")
    assert kernel.run("web", "state").returncode == NO_POLICY
    assert kernel.log() == ""


def test_more_groups_named_than_there_may_be(kernel: Kernel) -> None:
    named = [word for n in range(2000, 2065) for word in ("-G", str(n))]
    done = kernel.run("-u", "4000", "-g", "5", *named, "web", "state")
    assert (done.returncode, kernel.log()) == (GROUP, "")


@as_root
def test_more_groups_than_there_may_be(kernel: Kernel) -> None:
    kernel.group(*(f"g:*:{n}:www" for n in range(2000, 2065)))
    done = kernel.run("-c", str(kernel.root), "-u", "www", "web", "state")
    assert (done.returncode, kernel.log()) == (GROUP, "")


@as_root
def test_names_too_long_for_a_path_are_not_found(kernel: Kernel) -> None:
    done = kernel.run("-p", "-c", str(kernel.root), "web", "x" * 5000)
    assert done.returncode == 127


@as_root
def test_without_the_module(kernel: Kernel) -> None:
    (kernel.nodes / "cells").unlink()
    assert kernel.run("web", "state").returncode == NO_POLICY


@as_root
@pytest.mark.parametrize(
    "line",
    [
        "www:*:-1:1081::/:/bin/sh",
        "www:*:4294967295:1081::/:/bin/sh",
        "www:*: 80:1081::/:/bin/sh",
        "www:*::1081::/:/bin/sh",
        "www:*:1080:x::/:/bin/sh",
        "www:*:1080",
        "www",
    ],
)
def test_entries_that_are_none_do_not_make_a_user(kernel: Kernel, line: str) -> None:
    kernel.passwd("root:*:0:0::/root:/bin/sh", line)
    done = kernel.run("-c", str(kernel.root), "-u", "www", "web", "state")
    assert done.returncode in (USER, GROUP)
    assert kernel.log() == ""


@as_root
@pytest.mark.parametrize("name", ["passwd", "group"])
@pytest.mark.parametrize("kind", ["fifo", "directory", "huge"])
def test_tables_that_are_none_end_the_program(kernel: Kernel, name: str, kind: str) -> None:
    table = kernel.root / "etc" / name
    table.unlink()
    if kind == "fifo":
        os.mkfifo(table)
    elif kind == "directory":
        table.mkdir()
    else:
        with table.open("wb") as file:
            file.truncate(1 << 40)
    done = kernel.run("-c", str(kernel.root), "-u", "1080", "-g", "1", "web", "state")
    assert done.returncode == (USER if name == "passwd" else GROUP)
    assert "not a file of a sensible size" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("web",),
        ("-z",),
        ("-f", "x", "web", "y"),
        ("-f", "x", "-k", "TERM"),
        ("-k", "TERM"),
        ("-H", "abc", "web", "x"),
        ("-H", "abc", "-k", "TERM", "web"),
        ("-c", "/", "-f", "x"),
        ("-p", "-k", "TERM", "web"),
        ("-k", "BOGUS", "web"),
        ("-k", "0", "web"),
        ("-k", "99", "web"),
        ("-e", "novalue", "web", "x"),
        ("-e", "=x", "web", "x"),
        ("-l", "nofile", "web", "x"),
        ("-l", "nofile=", "web", "x"),
        ("-l", "nofile=-1", "web", "x"),
        ("-l", "nofile=1k", "web", "x"),
        ("-l", "no=1", "web", "x"),
        ("-l", "nofile=99999999999999999999999", "web", "x"),
        ("-l", "=1", "web", "x"),
    ],
)
def test_wrong_use(kernel: Kernel, args: Sequence[str]) -> None:
    done = kernel.run(*args)
    expected = (USAGE, HOST_ROOT) if os.getuid() else (USAGE,)
    assert done.returncode in expected
    assert kernel.log() == ""


@as_root
def test_only_root_gets_anywhere(kernel: Kernel) -> None:
    done = subprocess.run(
        ["setpriv", "--reuid", "1000", "--clear-groups", str(kernel.program), "web", "state"],
        capture_output=True,
        env={"SHIM_SYSCTL": "/", "PATH": os.environ["PATH"]},
    )
    if b"setpriv" in done.stderr or b"denied" in done.stderr:
        pytest.skip("the program cannot be reached by another user here")
    assert done.returncode == HOST_ROOT


@as_root
@pytest.mark.parametrize("kind", ["missing", "empty", "directory"])
def test_images_that_are_none(kernel: Kernel, tmp_path: Path, kind: str) -> None:
    image = tmp_path / "image"
    if kind == "empty":
        image.touch()
    elif kind == "directory":
        image.mkdir()
    assert kernel.run("-f", str(image)).returncode == IMAGE
    assert kernel.log() == ""
