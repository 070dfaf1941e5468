"""A run as data, and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.commands import INTERPRETER, LEAST
from benchmarks.generate import RULES
from benchmarks.measure import Samples


def rows(
    shape: str, domains: int, samples: Mapping[str, Samples], yardsticks: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """What each command took on one policy; times in seconds, memory in KiB."""
    known = [name for name in (INTERPRETER, LEAST, *yardsticks) if name in samples]
    for name, sample in samples.items():
        yield {
            "command": name,
            "shape": shape,
            "domains": domains,
            "rules": domains * RULES,
            "cpu": round(sample.median, 4),
            "peak": sample.peak,
            "instructions": sample.instructions,
            "ratios": {k: round(sample.ratio(samples[k]), 3) for k in known if k != name},
        }


def table(run: Mapping[str, Any]) -> Iterator[str]:
    """The rows as a table; a ratio is the time of the row in times of the column's."""
    heads = ["command", "shape", "domains", "CPU s", "MB", "µs/rule", "M instr."]
    ratios = [INTERPRETER, LEAST, *run["peers"]]
    yield "| " + " | ".join([*heads, *(f"/ {name}" for name in ratios)]) + " |"
    yield "| --- | --- |" + " ---: |" * (len(heads) - 2 + len(ratios))
    for row in run["rows"]:
        count = row["instructions"]
        cells = [row["command"], row["shape"], str(row["domains"]), f"{row['cpu']:.3f}"]
        cells += [f"{row['peak'] / 1024:.0f}", f"{1e6 * row['cpu'] / row['rules']:.1f}"]
        cells.append("" if count is None else f"{count / 1e6:.0f}")
        cells += [f"{row['ratios'][r]:.2f}" if r in row["ratios"] else "" for r in ratios]
        yield "| " + " | ".join(cells) + " |"
