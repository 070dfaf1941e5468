"""`cellc query`: every request that matches a pattern, and what is decided on it."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from compiler.analysis.query import Chain, Query, Row
from compiler.commands.output import print_findings
from compiler.commands.query_rows import (
    TableFormat,
    chain_record,
    exposure_record,
    row_record,
    table,
)
from compiler.diagnostics import Diagnostics
from compiler.driver import compile_policy
from compiler.names.project import policy_root


def query(
    path: Path,
    pattern: str,
    today: datetime.date,
    effects: tuple[str, ...],
    outcomes: tuple[str, ...],
    format: TableFormat,
) -> int:
    """Prints a row for each class of requests, or each chain of influence; the exit status."""
    compilation = compile_policy(path, today)
    program = compilation.program
    root = policy_root(path)
    if compilation.failed or program is None:
        print_findings(compilation.diagnostics, compilation.sources, root)
        return 1
    asked = Query(program)
    source, found = asked.source(pattern), Diagnostics()
    answers = asked.ask(source, found, effects, outcomes)
    print_findings(found.sorted(), {**compilation.sources, source.name: source}, root)
    if answers is None:
        return 2
    records = []
    for answer in answers:
        match answer:
            case Row():
                records.append(row_record(answer, asked.frame, program, compilation.sources))
            case Chain():
                records.append(chain_record(answer, program, compilation.sources))
    sys.stdout.write(table(records, format))
    return 0


def exposure(path: Path, today: datetime.date, format: TableFormat) -> int:
    """Prints a row for each cell, the worst to lose first; the exit status."""
    from compiler.analysis.exposure import exposures

    compilation = compile_policy(path, today)
    program = compilation.program
    if compilation.failed or program is None:
        print_findings(compilation.diagnostics, compilation.sources, policy_root(path))
        return 1
    rows = exposures(program.ir)
    sys.stdout.write(table([exposure_record(n, e) for n, e in enumerate(rows, 1)], format))
    return 0
