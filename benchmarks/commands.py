"""The commands that are measured: cellc, what no Python program can go below, and peers."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import selinux
from benchmarks.generate import SHAPES
from benchmarks.measure import Command

#: A day that no generated policy depends on.
_TODAY = ("--today", "2026-01-01")
_CELLC = (sys.executable, "-c", "import sys; from compiler.cli.main import main; sys.exit(main())")
_LARK = (
    "import sys; from compiler.syntax.reference import make_parser;"
    " make_parser('policy', None).parse(open(sys.argv[1]).read())"
)
#: The floor of all others.
INTERPRETER = "python"


def floors() -> dict[str, Command]:
    """What starting Python costs, bare and with the packages that cellc stands on."""
    imports = {"": "pass", " + click": "import click", " + lark": "import lark"}
    imports[" + pydantic"] = "from pydantic import BaseModel"
    imports[" + jinja2"] = "import jinja2"
    return {
        INTERPRETER + name: Command((sys.executable, "-c", code)) for name, code in imports.items()
    }


def cellc(shape: str, cells: int, backends: Iterable[str], folder: Path) -> dict[str, Command]:
    """check and build of one policy, and lark alone making a tree of the same text."""
    path = folder / f"{shape}-{cells}.cell"
    path.write_text(SHAPES[shape](cells))
    output = folder / f"{shape}-{cells}.build"
    chosen = [word for backend in backends for word in ("--backend", backend)]
    build = (*_CELLC, "build", str(path), "-o", str(output), *_TODAY, *chosen)
    return {
        f"check {shape} {cells}": Command((*_CELLC, "check", str(path), *_TODAY)),
        f"build {shape} {cells}": Command(build, output),
        f"lark {shape} {cells}": Command((sys.executable, "-c", _LARK, str(path))),
    }


def peers(cells: int, folder: Path) -> dict[str, Command]:
    """checkpolicy(8) and secilc(8) where they are installed, on policies of the same size."""
    conf, cil = folder / f"{cells}.conf", folder / f"{cells}.cil"
    out = str(folder / "policy.out")
    found = {}
    if program := shutil.which("checkpolicy"):
        conf.write_text(selinux.checkpolicy(cells))
        found[f"checkpolicy {cells}"] = Command((program, "-o", out, str(conf)))
    if program := shutil.which("secilc"):
        cil.write_text(selinux.cil(cells))
        found[f"secilc {cells}"] = Command((program, "-o", out, "-f", "/dev/null", str(cil)))
    return found
