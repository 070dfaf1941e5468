"""How cellexec(8) is compiled on this host."""

from __future__ import annotations

import subprocess
from pathlib import Path

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
SANITIZE = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def sources() -> list[str]:
    return sorted(str(path) for path in SOURCES.glob("*.c"))


def compile_programs(directory: Path) -> None:
    """Makes `cellexec`, sanitized, and the static program `state` in a directory."""
    shim = str(SHIM / "sysctl.c")
    for command in (
        ["gcc", *STRICT, *NETBSD, *SANITIZE, *sources(), shim, "-o", "cellexec"],
        ["gcc", *STRICT, "-D_GNU_SOURCE", "-static", str(SHIM / "state.c"), "-o", "state"],
    ):
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
