"""`python -m benchmarks`: one interleaved run, as a table of processor times and ratios."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.commands import INTERPRETER, cellc, floors, peers
from benchmarks.generate import RULES, SHAPES
from benchmarks.measure import Command, CommandError, Samples, interleaved

_PEERS = ("checkpolicy", "secilc")


def main() -> int:
    """Prints the table; 1 when something that is measured fails."""
    options = _options()
    # Our modules would be compiled anew at each start, which no installation does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        commands = _commands(options.sizes, options.backend, Path(folder))
        try:
            samples = interleaved(commands, options.rounds)
        except CommandError as problem:
            sys.stderr.write(f"benchmarks: {problem}\n")
            return 1
    print(f"Python {platform.python_version()}, {platform.machine()}, {options.rounds} rounds.")
    print("CPU is user + system time in seconds, the median; ratios are medians over the rounds.")
    for lines in (_floor_table(samples), _cellc_table(samples, options.sizes)):
        print()
        print("\n".join(lines))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="counted runs of each command")
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(word) for word in text.split(",")],
        default=[1, 10, 100, 1000],
        help="numbers of cells, with commas between them",
    )
    parser.add_argument("--backend", action="append", default=[], help="as for cellc build")
    return parser.parse_args()


def _commands(sizes: Sequence[int], backends: Sequence[str], folder: Path) -> dict[str, Command]:
    commands = floors()
    for cells in sizes:
        commands |= peers(cells, folder)
        for shape in SHAPES:
            commands |= cellc(shape, cells, backends, folder)
    return commands


def _floor_table(samples: Mapping[str, Samples]) -> Iterator[str]:
    yield "| start of | CPU | ratio |"
    yield "| --- | ---: | ---: |"
    floor = samples[INTERPRETER]
    for name, sample in samples.items():
        if name.startswith(INTERPRETER):
            yield f"| {name} | {sample.median:.3f} | {sample.ratio(floor):.1f} |"


def _cellc_table(samples: Mapping[str, Samples], sizes: Sequence[int]) -> Iterator[str]:
    """A row for each command on each policy: its time, and that in times of each floor."""
    known = [peer for peer in _PEERS if f"{peer} {sizes[0]}" in samples]
    heads = ["", "cells", "shape", "CPU", "MB", "µs a rule", f"/ {INTERPRETER}", "/ lark"]
    heads += [f"/ {peer}" for peer in known]
    yield "| " + " | ".join(heads) + " |"
    yield "| --- | ---: | --- |" + " ---: |" * (len(heads) - 3)
    for cells in sizes:
        for word in ("check", "build"):
            for shape in SHAPES:
                sample = samples[f"{word} {shape} {cells}"]
                floors = [INTERPRETER, f"lark {shape} {cells}", *(f"{p} {cells}" for p in known)]
                row = [word, str(cells), shape, f"{sample.median:.3f}", f"{sample.peak / 1024:.0f}"]
                row.append(f"{1e6 * sample.median / (cells * RULES):.0f}")
                row += [f"{sample.ratio(samples[floor]):.2f}" for floor in floors]
                yield "| " + " | ".join(row) + " |"
        for peer in known:
            sample = samples[f"{peer} {cells}"]
            peak = f"{sample.peak / 1024:.0f}"
            per_rule = f"{1e6 * sample.median / (cells * RULES):.0f}"
            yield f"| {peer} | {cells} | | {sample.median:.3f} | {peak} | {per_rule} |"


if __name__ == "__main__":
    sys.exit(main())
