"""cellexec(8) as a program of this host, against a fake of the kernel's sysctl nodes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.rc.compiling import NETBSD, SHIM, SOURCES, STRICT, sources

PATH = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/pkg/sbin:/usr/pkg/bin"

#: Names of the statuses that cellexec(8) documents.
USAGE, NO_CELL, NO_POLICY, USER, GROUP, ROOT, LIMIT = range(64, 71)
ENTER, IMAGE, LOAD, CONFIRM, HOST_ROOT, SIGNAL = 72, 74, 75, 76, 77, 78

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root changes its root and user")


class Kernel:
    """The fake kernel's nodes, and a root for the cell `web` with id 7."""

    def __init__(self, directory: Path, programs: Path) -> None:
        self.nodes = directory / "nodes"
        self.root = directory / "root"
        self.program = programs / "cellexec"
        self.nodes.mkdir()
        self.set(cells="1 web-2 enforcing 0 0\n7 web enforcing 2 0\n", generation="1", hash="abc")
        for name in ("etc", "bin"):
            (self.root / name).mkdir(parents=True)
        (self.root / "marker").touch()
        shutil.copy(programs / "state", self.root / "bin/state")
        (self.root / "bin/plain").write_text("not executable")
        self.passwd("root:*:0:0::/root:/bin/sh", "www:*:1080:1081:W:/var/www:/sbin/nologin")
        self.group("wheel:*:0:root", "ssl:*:1090:other,www", "www:*:1081:", "mail:*:1091:wwww,ww")

    def set(self, **nodes: str) -> None:
        for name, value in nodes.items():
            (self.nodes / name.replace("_", ".")).write_text(value)

    def passwd(self, *lines: str) -> None:
        (self.root / "etc/passwd").write_text("".join(f"{line}\n" for line in lines))

    def group(self, *lines: str) -> None:
        (self.root / "etc/group").write_text("".join(f"{line}\n" for line in lines))

    def log(self) -> str:
        path = self.nodes / "log"
        return path.read_text() if path.exists() else ""

    def run(
        self, *args: str, fds: Sequence[int] = (), env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs cellexec; options end at the first argument that is none, as on NetBSD."""
        return subprocess.run(
            [str(self.program), *args],
            capture_output=True,
            text=True,
            timeout=20,
            pass_fds=fds,
            env={
                "SHIM_SYSCTL": str(self.nodes),
                "POSIXLY_CORRECT": "1",
                "ASAN_OPTIONS": "detect_leaks=0",
                **(env or {}),
            },
        )

    def state(self, *args: str, fds: Sequence[int] = ()) -> list[str]:
        """What the program state prints, entered with these options."""
        done = self.run("-c", str(self.root), *args, fds=fds)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()


@pytest.fixture
def kernel(tmp_path: Path, programs: Path) -> Kernel:
    return Kernel(tmp_path, programs)


@as_root
def test_a_user_of_the_cell_runs_the_command(kernel: Kernel) -> None:
    lines = kernel.state(
        "-u", "www", "-l", "nofile=64", "-l", "core=0", "-e", "A=b c", "web", "state", "-x", "y z"
    )
    assert lines == [
        "uid 1080 1080 1080",
        "gid 1081 1081",
        "groups 1081 1090",
        "fds 0 1 2",
        "umask 022",
        "cwd /",
        "marker 0",
        "session 0",
        "signals 0",
        "nofile 64 64 core 0",
        f"env PATH={PATH}",
        "env HOME=/var/www",
        "env A=b c",
        "arg -x",
        "arg y z",
    ]


@as_root
def test_the_cell_is_entered_as_root_with_all_but_the_effective_user_set(kernel: Kernel) -> None:
    kernel.state("-u", "www", "-l", "nofile=64", "web", "state")
    assert kernel.log() == "id 7 ruid=1080 euid=0 gid=1081 nofile=64 groups=1081,1090\n"


@as_root
def test_nothing_is_inherited(kernel: Kernel) -> None:
    fd = os.open("/dev/null", os.O_RDONLY)
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    mask = os.umask(0)
    try:
        lines = kernel.state("web", "/bin/state", fds=(fd,))
    finally:
        os.umask(mask)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2})
        signal.signal(signal.SIGUSR1, before)
        os.close(fd)
    assert "fds 0 1 2" in lines
    assert "signals 0" in lines
    assert "umask 022" in lines
    assert [line for line in lines if line.startswith("env")] == [
        f"env PATH={PATH}",
        "env HOME=/root",
    ]


@as_root
@pytest.mark.parametrize(
    ("options", "uid", "gid", "groups"),
    [
        ((), 0, 0, "0"),
        (("-u", "root"), 0, 0, "0"),
        (("-u", "1080"), 1080, 1081, "1081 1090"),
        (("-u", "www", "-g", "ssl"), 1080, 1090, "1090"),
        (("-u", "www", "-g", "5"), 1080, 5, "5 1090"),
        (("-u", "4000", "-g", "www"), 4000, 1081, "1081"),
    ],
)
def test_users_and_groups(
    kernel: Kernel, options: Sequence[str], uid: int, gid: int, groups: str
) -> None:
    lines = kernel.state(*options, "web", "state")
    assert lines[:3] == [f"uid {uid} {uid} {uid}", f"gid {gid} {gid}", f"groups {groups}"]


@as_root
def test_a_session_of_its_own(kernel: Kernel) -> None:
    assert "session 1" in kernel.state("-s", "web", "state")


@as_root
def test_closed_standard_descriptors_do_not_become_files(kernel: Kernel) -> None:
    script = 'exec "$0" "$@" <&- 2>&-'
    done = subprocess.run(
        ["sh", "-c", script, str(kernel.program), "-c", str(kernel.root), "web", "state"],
        capture_output=True,
        text=True,
        env={"SHIM_SYSCTL": str(kernel.nodes), "POSIXLY_CORRECT": "1"},
    )
    assert "fds 0 1 2" in done.stdout.splitlines()


@as_root
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("state", 0),
        ("/bin/state", 0),
        ("plain", 126),
        ("/bin/plain", 126),
        ("/bin", 126),
        ("none", 127),
        ("/none", 127),
    ],
)
def test_probing_tells_what_running_would(kernel: Kernel, command: str, status: int) -> None:
    root = str(kernel.root)
    probed = kernel.run("-p", "-c", root, "-u", "www", "web", command)
    assert (probed.returncode, probed.stdout) == (status, "")
    assert kernel.run("-c", root, "-u", "www", "web", command).returncode == status


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


@as_root
def test_odd_lines_are_passed_over(kernel: Kernel) -> None:
    long = "x" * 100_000
    kernel.passwd("", ":::::::", long, f"{long}:*:1:1::/:/", "\0", "www:*:1080:1081:a:b:c:d:e")
    assert "uid 1080 1080 1080" in kernel.state("-u", "www", "web", "state")


@as_root
def test_many_cells_and_groups(kernel: Kernel) -> None:
    cells = "".join(f"{n} cell-{n} enforcing 0 0\n" for n in range(8, 9000))
    kernel.set(cells=cells + "7 web enforcing 0 0\n")
    kernel.group(*(f"g{n}:*:{n}:www" for n in range(2000, 2040)))
    assert "groups 1081 " + " ".join(map(str, range(2000, 2040))) in kernel.state(
        "-u", "www", "web", "state"
    )


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("web",),
        ("-z",),
        ("-f", "x", "web", "y"),
        ("-f", "x", "-k", "TERM"),
        ("-k", "TERM"),
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
def test_loading_an_image_is_confirmed(kernel: Kernel, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(os.urandom(100_000))
    done = kernel.run("-f", str(image), "-H", "abc")
    assert (done.returncode, done.stderr) == (0, "")
    assert (kernel.nodes / "image").read_bytes() == image.read_bytes()
    other = kernel.run("-f", str(image), "-H", "abd")
    assert other.returncode == CONFIRM
    assert "the policy in force is abc, not abd" in other.stderr
    kernel.set(load_stuck="")
    stuck = kernel.run("-f", str(image))
    assert (stuck.returncode, "did not grow" in stuck.stderr) == (CONFIRM, True)
    kernel.set(load_errno="22")
    assert kernel.run("-f", str(image)).returncode == LOAD


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


@as_root
@pytest.mark.parametrize(("name", "number"), [("TERM", 15), ("KILL", 9), ("10", 10)])
def test_signals_go_to_the_kernel(kernel: Kernel, name: str, number: int) -> None:
    assert kernel.run("-k", name, "web").returncode == 0
    assert kernel.log() == f"signal 7 {number}\n"
    kernel.set(signal_errno="1")
    assert kernel.run("-k", name, "web").returncode == SIGNAL


@pytest.mark.parametrize("compiler", [["gcc", "-fanalyzer", "-O1"], ["clang", "-O1"]])
def test_compilers_find_nothing(compiler: list[str], tmp_path: Path) -> None:
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{compiler[0]} is not installed")
    done = subprocess.run(
        [*compiler, *STRICT, *NETBSD, "-c", *sources()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_manual_is_clean_and_names_every_option_and_status() -> None:
    text = (SOURCES / "cellexec.8").read_text()
    code = (SOURCES / "cellexec.c").read_text()
    options = code.split('getopt(argc, argv, "')[1].split('"')[0].replace(":", "")
    for option in options:
        assert f".It Fl {option}" in text or f".Fl {option}" in text
    header = (SOURCES / "cellexec.h").read_text()
    statuses = [
        line.split("= ")[1].split(",")[0].split("\t")[0]
        for line in header.splitlines()
        if line.startswith("\tSTATUS_")
    ]
    assert len(set(statuses)) == len(statuses) > 15
    for status in statuses:
        assert f"\n.It {status}\n" in text
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(
        ["mandoc", "-Tlint", "-W", "warning", str(SOURCES / "cellexec.8")],
        capture_output=True,
        text=True,
    )
    assert done.stdout == ""


def test_the_makefile_names_every_source() -> None:
    if shutil.which("bmake") is None:
        pytest.skip("bmake is not installed")
    done = subprocess.run(
        ["bmake", "-m", str(SHIM / "mk"), "-V", "SRCS", "-V", "MAN"],
        cwd=SOURCES,
        capture_output=True,
        text=True,
    )
    names = [Path(source).name for source in sources()]
    assert done.stdout.split() == [*names, "cellexec.8"], done.stderr
