"""Compiles the kernel module as a host program against the test stubs in `shim/`."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from backends.kmod.columns import width
from backends.kmod.emit import DIRECTORY, emit
from compiler.catalogue.actions import load
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, TYPES
from compiler.ir.ir import IR
from tests.counting import folder
from tests.kmod import coverage

SHIM = Path(__file__).parent / "shim"

#: What the kernel's build asks of C code, and more.
WARNINGS = (
    *("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wmissing-prototypes", "-Wstrict-prototypes"),
    *("-Wold-style-definition", "-Wshadow", "-Wcast-qual", "-Wwrite-strings", "-Wpointer-arith"),
    *("-Wswitch", "-Wreturn-type", "-Wvla", "-Wundef", "-Wformat=2", "-Wmissing-declarations"),
)
SANITIZERS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
if folder() is not None:
    SANITIZERS = [*coverage.OPTIONS]
THREADS = ["-O1", "-g", "-fsanitize=thread"]

#: SHIM_RELEASE in the stubs.
RELEASES = {"9.4": 904, "10.1": 1001, "11.0": 1100, "current": 1100}
TABLES = "cellpolicy_tables.c"

_HEADERS = (
    *(
        f"sys/{name}.h"
        for name in (
            *(
                "atomic",
                "cdefs",
                "domain",
                "endian",
                "errno",
                "intr",
                "kernel",
                "kmem",
                "lwp",
            ),
            *("kmem", "lwp", "module", "mutex", "param", "proc", "protosw", "pserialize"),
            *(
                "resource",
                "resourcevar",
                "signalvar",
                "socket",
                "socketvar",
                "specificdata",
                "sysctl",
            ),
            *("syslog", "systm", "time", "timevar", "types"),
        )
    ),
    "netinet/in.h",
    "secmodel/secmodel.h",
)


def module_files(ir: IR) -> dict[str, bytes]:
    """The C files of the kernel module for a policy, by name."""
    return {
        artifact.path.rpartition("/")[2]: artifact.content
        for artifact in emit(ir)
        if artifact.path.startswith(DIRECTORY + "/") and artifact.path.endswith((".c", ".h"))
    }


def write_tree(directory: Path, files: Mapping[str, bytes], release: str) -> None:
    """Lays out the sources of a module and of the fake kernel, ready to be compiled."""
    made = {f"include/{name}": b"#include <kernel.h>\n" for name in _HEADERS}
    made |= {"include/sys/kauth.h": b"#include <kauth.h>\n"}
    made |= {"include/constants.h": _constants(), "leaves.c": _leaves(release)}
    made |= {file.name: file.read_bytes() for file in SHIM.iterdir()}
    for name, content in (made | dict(files)).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def compile_files(
    compiler: str, directory: Path, release: str, flags: Sequence[str], files: Iterable[str]
) -> str:
    """Compiles files of a tree into objects there; what the compiler says when it fails."""
    where = _run([compiler, "-print-file-name=include"], directory).strip()
    kernel = ("-ffreestanding", "-D_KERNEL", f"-DSHIM_RELEASE={RELEASES[release]}")
    paths = ("-nostdinc", "-isystem", where, "-Iinclude", "-I.")
    return _run([compiler, *WARNINGS, *kernel, *flags, *paths, "-c", *files], directory)


class Builder:
    """Makes drivers; what has been compiled once from the same text is kept in a cache."""

    def __init__(self, cache: Path, options: Sequence[str] = SANITIZERS) -> None:
        self._cache = cache
        self._options = options

    def driver(self, ir: IR, *flags: str, again: tuple[str, ...] = ()) -> Path:
        """A program that runs the module of a policy by commands, with sanitizers.

        The tables, and the files to be compiled `again`, are compiled with `flags`.
        """
        files = module_files(ir)
        engine = self._engine(files, ir.target)
        made = self._cache / _digest([engine.name.encode(), files[TABLES], *map(str.encode, flags)])
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=self._cache) as name:
                tree = Path(name)
                write_tree(tree, files, ir.target)
                own = [TABLES, *again]
                said = compile_files("gcc", tree, ir.target, [*self._options, *flags], own)
                replaced = {Path(file).stem for file in own}
                objects = [str(x) for x in sorted(engine.glob("*.o")) if x.stem not in replaced]
                objects += [f"{stem}.o" for stem in sorted(replaced)]
                said = said or _run(
                    ["gcc", *self._options, "-pthread", "-o", "driver", *objects], tree
                )
                assert not said, said
                shutil.move(tree / "driver", made)
        return made

    def _engine(self, files: Mapping[str, bytes], release: str) -> Path:
        """The objects of the engine and the fake kernel, without tables."""
        files = {name: content for name, content in files.items() if name != TABLES}
        shim = [file.read_bytes() for file in sorted(SHIM.iterdir())]
        options = [option.encode() for option in self._options]
        made = self._cache / _digest([release.encode(), *options, *files.values(), *shim])
        if made.exists():
            return made
        with tempfile.TemporaryDirectory(dir=self._cache) as name:
            tree = Path(name)
            write_tree(tree, files, release)
            sources = sorted(x.name for x in tree.glob("*.c") if x.name != "host.c")
            said = compile_files("gcc", tree, release, self._options, sources)
            said = said or _run(["gcc", "-O1", "-c", "host.c"], tree)
            assert not said, said
            coverage.keep(tree)
            shutil.copytree(tree, made, dirs_exist_ok=True)
        return made


def _run(command: Sequence[str], directory: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=directory)
    return done.stdout if done.returncode == 0 else done.stderr[:4000] or "failed"


def _digest(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


def _constants() -> bytes:
    constants = (*PROTOCOL_FAMILIES.values(), *TYPES.values(), *IP_PROTOCOLS.values())
    return "".join(f"#define {x.c} {x.value}\n" for x in constants).encode()


def _leaves(release: str) -> bytes:
    """What the kernel passes for each leaf, by column: the tests' own reading of the catalogue."""
    lines = []
    for leaf in load(release).leaves:
        action, request = leaf.c_action, leaf.c_request or "0"
        scope = f"KAUTH_SCOPE_{leaf.scope.upper()}"
        lines.append(f"\t[{leaf.column}] = {{ {scope}, {action}, {request} }},\n")
    head = f'#include "shim.h"\n\nconst struct shim_leaf shim_leaves[{width()}] = {{\n'
    return (head + "".join(lines) + "};\n").encode()
