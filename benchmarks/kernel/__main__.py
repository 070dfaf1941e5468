"""`python -m benchmarks.kernel`: instructions per decision, and bytes of tables, by cells.

The lines `list` are a walk along a list of cells, as upstream's module does it, without its
lock. `listener` counts all of the engine's own code from the entry of the listener to its
answer, the look-up of the credential and functions of the kernel left out.  `lines` are the
lines of the cache that a decision touches; `by maps` is a policy that tells more ports and
targets apart than the line of a class holds.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from backends.kmod.build import build
from backends.kmod.size import size
from benchmarks.generate import SHAPES
from benchmarks.kernel.measure import instructions, lines, mapped, policy, program

CELLS = (1, 10, 100, 1_000, 10_000)
#: Cells of the policy whose ports and targets are told apart by maps.
MAPPED = 100


def main() -> None:
    """Prints both tables; takes numbers of cells, or does CELLS."""
    sizes = [int(word) for word in sys.argv[1:]] or CELLS
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        asks = program(directory)
        columns = [instructions(asks, policy(cells), directory) for cells in sizes]
        by_map = instructions(asks, mapped(MAPPED), directory)
        touched = lines(asks, policy(MAPPED), directory), lines(asks, mapped(MAPPED), directory)
    print(f"{'instructions per decision':28}" + "".join(f"{cells:>10,}" for cells in sizes))
    for what in sorted(columns[0], key=lambda name: (":" in name, name)):
        print(f"{what:28}" + "".join(f"{column[what]:10.1f}" for column in columns))
    print(f"\n{f'{MAPPED} cells':28}{'lines':>10}{'by maps':>12}{'lines':>8}")
    for what in touched[0]:
        print(f"{what:28}{touched[0][what]:10}{by_map[what]:12.1f}{touched[1][what]:8}")
    print(f"\n{'tables':12}{'cells':>8}{'classes':>9}{'by id':>9}{'classes':>10}{'maps':>12}"
          f"{'ports':>9}{'a cell':>9}{'unshared':>14}{'saved':>8}")  # fmt: skip
    for shape in SHAPES:
        for cells in sizes:
            s = size(build(policy(cells, shape)))
            print(
                f"{shape:12}{s.cells:8,}{s.classes:9,}{s.by_id:9,}{s.lines:10,}{s.maps:12,}"
                f"{s.ports:9,}{s.shared / s.cells:9.1f}{s.unshared:14,}"
                f"{1 - s.shared / s.unshared:8.1%}"
            )


if __name__ == "__main__":
    main()
