"""What was measured before: a line of JSON a run, so that a regression shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.commands import INTERPRETER, LEAST

#: Beside this module, under version control.
HISTORY = Path(__file__).with_name("history.jsonl")
#: A ratio that has grown by more than this is worth a look.
TOLERANCE = 1.15
#: Ratios to this peer are kept: unlike times, they hardly depend on the machine.
YARDSTICK = "checkpolicy"


def entry(run: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run: where and when it was, and its ratios."""
    ratios = {
        f"{row['command']} {row['shape']} {row['domains']}": row["ratios"][YARDSTICK]
        for row in run["rows"]
        if YARDSTICK in row["ratios"] and row["command"] not in (INTERPRETER, LEAST, *run["peers"])
    }
    return {"date": run["date"], "commit": run["commit"], "python": run["python"], "ratios": ratios}


def read(path: Path = HISTORY) -> list[dict[str, Any]]:
    """All entries, the oldest first."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def regressions(now: Mapping[str, Any], before: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What has become slower than it was in the last run that measured it."""
    last: dict[str, float] = {}
    for other in before:
        last |= other["ratios"]
    for what, ratio in now["ratios"].items():
        if what in last and ratio > TOLERANCE * last[what]:
            yield f"{what}: {ratio:.2f} times {YARDSTICK}, before {last[what]:.2f}"


def append(now: Mapping[str, Any], path: Path = HISTORY) -> None:
    """Adds an entry."""
    with path.open("a") as file:
        file.write(json.dumps(now) + "\n")
