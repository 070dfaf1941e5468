"""`python -m benchmarks`: cellc beside other policy compilers, in interleaved runs."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import history
from benchmarks.commands import cellc, floors, policy
from benchmarks.generate import SHAPES
from benchmarks.measure import CommandError, instructions, interleaved
from benchmarks.peers import PEERS, commands, install
from benchmarks.report import rows, table

#: Larger policies are measured in half as many rounds.
_LARGE = 1000


def main() -> int:
    """Prints the table; 1 when something that is measured fails or has become slower."""
    options = _options()
    # Our modules would be compiled anew at each start, which no installation does.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        with tempfile.TemporaryDirectory() as folder:
            run = _run(options, Path(folder))
    except (CommandError, subprocess.CalledProcessError) as problem:
        sys.stderr.write(f"benchmarks: {problem}\n")
        return 1
    print(f"Python {run['python']}, {run['machine']}.  A ratio is CPU time in times of another's.")
    print("\n".join(table(run)))
    if options.json:
        options.json.write_text(json.dumps(run, indent=1) + "\n")
    now = history.entry(run)
    slower = list(history.regressions(now, history.read()))
    print("\n".join(f"slower: {line}" for line in slower))
    if options.keep:
        history.append(now)
    return int(bool(slower))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="counted runs of each command")
    parser.add_argument(
        "--sizes",
        type=lambda text: [int(word) for word in text.split(",")],
        default=[1, 10, 100, 1000, 5000, 10000],
        help="numbers of cells, with commas between them",
    )
    parser.add_argument(
        "--peers",
        type=lambda text: text.split(","),
        default=[peer.name for peer in PEERS],
        help="the compilers to measure too (default: all that can be installed)",
    )
    parser.add_argument(
        "--instructions",
        type=int,
        default=0,
        metavar="SIZE",
        help="count instructions of policies up to this size too (slow; needs valgrind)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there")
    parser.add_argument("--keep", action="store_true", help="add the ratios to history.jsonl")
    return parser.parse_args()


def _run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    wanted = (peer for peer in PEERS if peer.name in options.peers)
    peers, programs = install(wanted, folder)

    def measured() -> Iterator[dict[str, Any]]:
        for domains in options.sizes:
            for shape in SHAPES:
                path = policy(shape, domains, folder)
                chosen = floors(path)
                chosen |= commands(peers, shape, domains, folder, programs)
                chosen |= cellc(path)
                rounds = options.rounds if domains <= _LARGE else max(1, options.rounds // 2)
                samples = interleaved(chosen, rounds)
                if domains <= options.instructions:
                    slow = {peer.name for peer in peers if peer.pypi}
                    for name in chosen.keys() - slow:
                        samples[name].instructions = instructions(chosen[name])
                yield from rows(shape, domains, samples, [peer.name for peer in peers])

    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "commit": _commit(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "peers": [peer.name for peer in peers],
        "rows": list(measured()),
    }


def _commit() -> str:
    """The revision that is measured, or nothing outside of a clone."""
    words = ("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty")
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
