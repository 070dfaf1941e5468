"""`python -m benchmarks.start`: what starting cellc costs, and checking again what was checked."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from benchmarks.measure import Command, CommandError, Samples, instructions, interleaved

FILES = 1000
_ROUNDS = 5
FLOOR = "`python3 -I -c pass`"
CHECK = "`cellc check --no-cache` of it"
#: What pip's console script does; click takes the name of the program from there.
_CELLC = "import re, sys; sys.argv[0] = 'cellc'; from compiler.cli.start import main; main()"
_READ = (
    "import os, sys\n"
    "for folder, _, names in os.walk(sys.argv[1]):\n"
    "    for name in names: open(os.path.join(folder, name), 'rb').read()"
)
_SMALL = 'policy small;\ntarget netbsd 10.1;\ncell web { profile confined; user "www"; }\n'
#: Nothing to say about the policies: printing findings is not what is measured.
_QUIET = ("--ignore", "TST", "--fail-on", "never")


def main() -> int:
    """Prints both tables; 1 when something that is measured fails."""
    # Our modules would be compiled anew at each start, which no installation does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            print("\n".join(_starts(folder)))
            print()
            print("\n".join(_trees(folder)))
        except CommandError as problem:
            sys.stderr.write(f"benchmarks: {problem}\n")
            return 1
    return 0


def _cellc(*words: str) -> Command:
    return Command((sys.executable, "-c", _CELLC, *words))


def starts(folder: Path) -> dict[str, Command]:
    """Python's own start, and commands on a small policy."""
    policy = folder / "small.cell"
    policy.write_text(_SMALL)
    check = ("check", str(policy), "--cache-dir", str(folder / "small.cache"))
    return {
        FLOOR: Command((sys.executable, "-I", "-c", "pass")),
        "`cellc --version`": _cellc("--version"),
        "`cellc --help`": _cellc("--help"),
        "`cellc check` of one small file, nothing changed": _cellc(*check),
        CHECK: _cellc(*check, "--no-cache"),
        "`cellc build` of it": _cellc("build", str(policy), "-o", str(folder / "build")),
    }


def _starts(folder: Path) -> Iterator[str]:
    """A row for each command: its instructions, and in times of Python's, and processor time."""
    commands = starts(folder)
    samples = interleaved(commands, _ROUNDS)
    floor = instructions(commands[FLOOR])
    if floor is None:
        yield "Instructions are counted by valgrind, which is not here."
        return
    yield "| | million instructions | in times of Python's start | seconds |"
    yield "| --- | ---: | ---: | ---: |"
    for name, command in commands.items():
        counted = instructions(command) or 0
        ratio = f"{counted / 1e6:.1f} | {counted / floor:.2f}"
        yield f"| {name} | {ratio} | {samples[name].median:.3f} |"


def _trees(folder: Path) -> Iterator[str]:
    """A row for each way to check a tree of FILES policies: processor time."""
    tree = folder / "tree"
    _plant(tree)
    known = ("check", str(tree), *_QUIET, "--cache-dir", str(folder / "cache"))
    touched = str(tree / "0" / "p0.cell")
    edit = f"open({touched!r}, 'a').write('#\\n'); " + _CELLC
    commands = {
        "start Python and read the files": Command((sys.executable, "-c", _READ, str(tree))),
        "`cellc check`, nothing changed": _cellc(*known),
        "`cellc check`, one file changed": Command((sys.executable, "-c", edit, *known)),
    }
    # A change, and then a run that finds none, is what the order of the commands must give.
    order = dict(reversed(commands.items()))
    samples: Mapping[str, Samples] = interleaved(order, _ROUNDS)
    first = interleaved({"": _cellc("check", str(tree), *_QUIET, "--no-cache")}, 1)[""]
    yield f"| {FILES} files, one policy each | seconds | MB |"
    yield "| --- | ---: | ---: |"
    for name in commands:
        yield f"| {name} | {samples[name].median:.3f} | {samples[name].peak / 1024:.0f} |"
    yield f"| `cellc check --no-cache` | {first.median:.3f} | {first.peak / 1024:.0f} |"
    yield f"| `cellc check --watch`, one file changed | {_watched(tree, Path(touched)):.3f} | |"


def _watched(tree: Path, touched: Path) -> float:
    """Seconds of processor time from a change to what the watching process says of it."""
    command = _cellc("check", "--watch", str(tree), *_QUIET)
    taken = []
    with subprocess.Popen(command.argv, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for _ in range(_ROUNDS + 1):
                while "watching" not in (line := process.stderr.readline()):
                    if not line:
                        raise CommandError("check --watch ended by itself")
                taken.append(_on_processor(process.pid))
                with touched.open("a") as file:
                    file.write("#\n")
        finally:
            process.terminate()
    return statistics.median(later - sooner for sooner, later in pairwise(taken))


def _on_processor(pid: int) -> float:
    """Seconds that a process ran until now; see proc(5)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _plant(tree: Path) -> None:
    """Policies that import the same file, in twenty directories."""
    tree.mkdir()
    (tree / "cellc.toml").write_text("")
    (tree / "service.cell").write_text(
        "profile service extends confined {\n"
        "    deny system.module;\n    limits { nofile 1024; core 0; processes 64; }\n}\n"
    )
    for n in range(FILES):
        folder = tree / str(n % 20)
        folder.mkdir(exist_ok=True)
        (folder / f"p{n}.cell").write_text(
            f'policy p{n};\ntarget netbsd 10.1;\nimport "../service.cell";\n'
            f'cell c{n} {{\n    profile service;\n    user "www";\n}}\n'
        )


if __name__ == "__main__":
    sys.exit(main())
