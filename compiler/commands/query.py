"""`cellc query`: every request that matches a pattern, and what is decided on it."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from compiler.analysis.query import Chain, Query, Row
from compiler.commands.asked import asked
from compiler.commands.output import print_findings
from compiler.commands.query_rows import (
    TableFormat,
    chain_record,
    exposure_record,
    row_record,
    table,
)
from compiler.diagnostics import Diagnostics


def query(
    path: Path,
    pattern: str,
    today: datetime.date,
    effects: tuple[str, ...],
    outcomes: tuple[str, ...],
    format: TableFormat,
) -> int:
    """Prints a row for each class of requests, or each chain of influence; the exit status."""
    policy = asked(path, today)
    if policy is None:
        return 1
    reader = Query(policy.program)
    source, found = reader.source(pattern), Diagnostics()
    answers = reader.ask(source, found, effects, outcomes)
    print_findings(found.sorted(), {**policy.sources, source.name: source}, policy.root)
    if answers is None:
        return 2
    records = []
    for answer in answers:
        match answer:
            case Row():
                records.append(row_record(answer, reader.frame, policy.program, policy.sources))
            case Chain():
                records.append(chain_record(answer, policy.program, policy.sources))
    if format == "text" and not records and not found:
        sys.stderr.write("cellc: there is nothing that this asks for\n")
    sys.stdout.write(table(records, format))
    return policy.status


def exposure(path: Path, today: datetime.date, format: TableFormat) -> int:
    """Prints a row for each cell, the worst to lose first; the exit status."""
    from compiler.analysis.exposure import exposures

    policy = asked(path, today)
    if policy is None:
        return 1
    rows = exposures(policy.program.ir)
    sys.stdout.write(table([exposure_record(n, e) for n, e in enumerate(rows, 1)], format))
    return policy.status
