"""How cellexec(8) is compiled on this host."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.rc import coverage
from tests.rc.support import HERE

SOURCES = HERE.parent.parent / "backends/rc/cellexec"
SHIM = HERE / "shim"
STRICT = [
    "-std=gnu11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wmissing-prototypes",
    "-Wstrict-prototypes",
    "-Wold-style-definition",
    "-Wshadow",
    "-Wcast-qual",
    "-Wwrite-strings",
]
NETBSD = ["-D_GNU_SOURCE", f"-I{SHIM}", "-include", str(SHIM / "netbsd.h")]
#: Functions that tests let fail: `shim/faults.c` stands before them.
FAULTS = (
    *(
        "open",
        "fstat",
        "read",
        "fdopen",
        "chdir",
        "setsid",
        "sigprocmask",
        "setitimer",
        "setgroups",
    ),
    *("setgid", "setreuid", "setuid", "setenv", "putenv"),
    *("strdup", "malloc", "calloc", "realloc"),
)
SANITIZED = ["gcc", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


SHARED = ["-shared", "-fPIC", "-o", "effects.so"]


def _c(directory: Path) -> list[str]:
    return sorted(str(path) for path in directory.glob("*.c"))


def sources() -> list[str]:
    return _c(SOURCES)


def compile_programs(directory: Path) -> None:
    """Makes `cellexec`, sanitized or counting, and the static program `state` in a directory."""
    shim = [str(SHIM / "sysctl.c"), str(SHIM / "faults.c")]
    shim += [f"-Wl,--wrap={name}" for name in FAULTS]
    for command in (
        [*coverage.compiler(SANITIZED), *STRICT, *NETBSD, *sources(), *shim, "-o", "cellexec"],
        ["gcc", *STRICT, "-D_GNU_SOURCE", "-static", str(SHIM / "state.c"), "-o", "state"],
    ):
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    coverage.keep(directory / "cellexec")


def compile_stubs(directory: Path) -> None:
    """Makes `stub`, which stands for programs of NetBSD, and `effects.so`, which disturbs runs."""
    for command in (
        ["gcc", *STRICT, "-O1", "-D_GNU_SOURCE", "-static", *_c(HERE / "stubs"), "-o", "stub"],
        ["gcc", *STRICT, "-O1", "-D_GNU_SOURCE", *SHARED, str(HERE / "effects.c")],
    ):
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
