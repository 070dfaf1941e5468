"""`python -m benchmarks.rebuild`: building a policy of which one cell has changed."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.commands import CELLC, TODAY
from benchmarks.generate import SHAPES
from benchmarks.measure import Command, CommandError, Samples, run

_BUILDS = {
    "tables": ("--backend", "kmod", "--no-cert"),
    "all": ("--no-cert",),
    "certified": (),
}


def main() -> int:
    """Prints the table; 1 when a build fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rebuild", description=__doc__)
    parser.add_argument("--cells", type=int, default=10_000, help="cells of the policy")
    parser.add_argument("--rounds", type=int, default=5, help="changes, of each the median counts")
    options = parser.parse_args()
    # Our modules would be compiled anew at each start, which no installation does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        try:
            for line in _table(Path(name), options.cells, options.rounds):
                print(line, flush=True)
        except CommandError as problem:
            sys.stderr.write(f"benchmarks: {problem}\n")
            return 1
    return 0


def _table(folder: Path, cells: int, rounds: int) -> Iterator[str]:
    yield f"{cells} cells, one of them changed: seconds of processor time"
    yield "| cells | build | all of it | `--incremental` | ratio | MB | MB |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for shape in SHAPES:
        for build, words in _BUILDS.items():
            whole, again = _measured(folder / f"{shape}-{build}", shape, cells, words, rounds)
            peaks = f"{whole.peak >> 10} | {again.peak >> 10}"
            times = f"{whole.median:.2f} | {again.median:.2f} | {again.ratio(whole):.2f}"
            yield f"| {shape} | {build} | {times} | {peaks} |"


def _measured(
    folder: Path, shape: str, cells: int, words: tuple[str, ...], rounds: int
) -> tuple[Samples, Samples]:
    """What builds of all and of what has changed take, after the same changes."""
    folder.mkdir()
    policy = folder / "policy.cell"
    text = SHAPES[shape](cells)
    policy.write_text(text)
    build = (*CELLC, "build", str(policy), *TODAY, *words, "-o")
    whole = Command((*build, str(folder / "whole")), folder / "whole")
    again = Command((*build, str(folder / "again"), "--incremental"))
    run(again)  # which keeps what the next ones take over
    samples = Samples(), Samples()
    for number in range(rounds):
        policy.write_text(text.replace("nofile 64", f"nofile {2000 + number}", 1))
        for command, sample in zip((whole, again), samples, strict=True):
            cpu, peak = run(command)
            sample.cpu.append(cpu)
            sample.peak = max(sample.peak, peak)
    return samples


if __name__ == "__main__":
    sys.exit(main())
