"""Counts the instructions of decisions with callgrind, which gives the same numbers every time."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from backends.kmod.build import build
from backends.kmod.image import encode
from benchmarks.generate import SHAPES
from compiler.ir.ir import IR
from tests.kmod.build import compile_files, module_files, write_tree
from tests.semantics.support import compile_text, must

HERE = Path(__file__).parent
#: As NetBSD's kernel is compiled, as far as it shows in the instructions.
FLAGS = ("-O2", "-fno-strict-aliasing", "-mgeneral-regs-only", "-fno-stack-protector")
RELEASE = "10.1"
#: Bytes of a line of the cache.
LINE = 64

#: Functions that decide: those of the engine, and those that walk the list.
_DECIDES = re.compile(r"(cellpolicy_)?decide\w*|list_\w+")
#: The engine's part of a listener; what else is called is the kernel's.
_ENGINE = re.compile(r"cellpolicy_\w+|listen_\w+|answer|finish|refuse|\w+_result|decide_\w+")
#: What a decision costs before anything is looked up in the tables.
_NOT_COUNTED = frozenset(("cellpolicy_id", "cellpolicy_living"))


def policy(cells: int, shape: str = "similar") -> IR:
    """A policy of so many cells, every cell with a port of its own."""
    return must(compile_text(SHAPES[shape](cells))).ir


def mapped(cells: int) -> IR:
    """Such a policy with more ports and targets told apart than the line of a class holds."""
    ports = ", ".join(str(port) for port in range(1, 99, 9))
    more = (
        "extends low {\n"
        f"    deny network.bind tcp port {{{ports}}};\n"
        "    allow process.ktrace to cell-00001;\n"
        "    allow process.nice to cell-00002;\n"
    )
    return must(compile_text(SHAPES["similar"](cells).replace("extends low {\n", more))).ir


def program(directory: Path) -> Path:
    """The engine as shipped, with the requests to ask it."""
    write_tree(directory, module_files(policy(1)), RELEASE)
    for name in ("decisions.c", "callgrind.c"):
        (directory / name).write_bytes((HERE / name).read_bytes())
    hosted = ["host.c", "callgrind.c"]
    skipped = {*hosted, "driver.c", "requests.c", "stress.c"}
    sources = sorted(x.name for x in directory.glob("*.c") if x.name not in skipped)
    said = compile_files("gcc", directory, RELEASE, [*FLAGS, "-Wno-unused-value"], sources)
    assert not said, said
    subprocess.run(["gcc", "-O1", "-c", *hosted], cwd=directory, check=True)
    objects = [f"{Path(name).stem}.o" for name in [*sources, *hosted]]
    subprocess.run(["gcc", "-pthread", "-o", "decisions", *objects], cwd=directory, check=True)
    return directory / "decisions"


def instructions(asks: Path, ir: IR, directory: Path) -> dict[str, float]:
    """Instructions per decision, by what was asked."""
    image = directory / "image"
    image.write_bytes(encode(build(ir)))
    out = directory / "callgrind.out"
    for old in directory.glob("callgrind.out*"):
        old.unlink()
    options = (
        *("--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no"),
        *("--compress-pos=no", "-q"),
    )
    done = subprocess.run(
        ["valgrind", *options, asks, image], capture_output=True, text=True, check=True
    )
    rounds, walks = map(int, done.stdout.split())
    found: dict[str, float] = {}
    for file in directory.glob("callgrind.out.*"):
        text = file.read_text()
        match = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
        if match is None:
            continue
        what = match[1]
        wanted = _ENGINE if what.startswith("listener") else _DECIDES
        total = sum(
            cost
            for name, cost in _self_costs(text).items()
            if wanted.fullmatch(name) and name not in _NOT_COUNTED
        )
        found[what] = total / (walks if what.startswith("list:") else rounds)
    return found


def lines(asks: Path, ir: IR, directory: Path) -> dict[str, int]:
    """The most lines of the cache that a decision touches, by what was asked.

    Lines that all decisions share are left out: the head of the tables, and the numbering of
    actions.
    """
    image = directory / "image"
    image.write_bytes(encode(build(ir)))
    trace = directory / "trace"
    options = ("--tool=lackey", "--trace-mem=yes", f"--log-file={trace}")
    done = subprocess.run(
        ["valgrind", *options, asks, image, "lines"], capture_output=True, text=True, check=True
    )
    asking, *bounds = (int(word, 16) for word in done.stdout.split()[:5])
    start = f" S {asking:08x},"
    found: dict[str, int] = {}
    most, touched, deciding = 0, set[int](), False
    with trace.open() as accesses:
        for line in accesses:
            if line.startswith(" L "):
                at = int(line[3 : line.index(",")], 16)
                if bounds[0] <= at < bounds[1] or bounds[2] <= at < bounds[3]:
                    touched.add(at // LINE)
            elif line.startswith(start):
                most = max(most, len(touched)) if deciding else most
                deciding = not deciding
                touched.clear()
            elif " kind " in line:
                found[line.partition(" kind ")[2].strip()] = most
                most = 0
    return {what: most for what, most in found.items() if not what.startswith("list:")}


def _self_costs(text: str) -> Mapping[str, int]:
    """What callgrind counted in each function itself."""
    costs: dict[str, int] = defaultdict(int)
    name, inclusive = "", False
    for line in text.splitlines():
        if line.startswith("fn="):
            name = line[3:].split("'")[0]
        elif line.startswith("calls="):
            inclusive = True
        elif line[:1].isdigit():
            if not inclusive:
                costs[name] += int(line.split()[1])
            inclusive = False
    return costs
