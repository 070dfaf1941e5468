"""`cellc query`: every request that matches a pattern, and what is decided on it."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compiler.analysis.query import Row, answer, row_text
from compiler.analysis.read import RequestReader
from compiler.commands.output import Format, print_findings
from compiler.diagnostics import Diagnostics
from compiler.driver import Program, compile_policy
from compiler.names.project import policy_root
from compiler.source import Source
from compiler.sourcemap import hex_id, place


def query(
    path: Path, pattern: str, today: datetime.date, effects: tuple[str, ...], format: Format
) -> int:
    """Prints a line for each class of requests; the exit status."""
    compilation = compile_policy(path, today)
    program = compilation.program
    if compilation.failed or program is None:
        print_findings(compilation.diagnostics, compilation.sources, policy_root(path))
        return 1
    found = Diagnostics()
    source = Source("<pattern>", pattern)
    reader = RequestReader(program)
    wanted = reader.read(source, found)
    if wanted is None:
        print_findings(found.sorted(), {source.name: source}, policy_root(path))
        return 2
    requests = reader.requests(source, wanted, found)
    print_findings(found.sorted(), {source.name: source}, policy_root(path))
    for row in answer(program.ir, requests, reader.axes(wanted)):
        if not effects or row.decision.effect in effects:
            sys.stdout.write(_line(row, program, compilation.sources, format) + "\n")
    return 0


def _line(row: Row, program: Program, sources: Any, format: Format) -> str:
    rule = row.decision.rule
    where = None if rule is None else place(program.spans[rule], sources)
    if format == "json":
        return json.dumps(
            {
                "request": row_text(row),
                "decision": row.decision.effect,
                "outcome": row.outcome.result,
                "by": row.outcome.by,
                "rule": None
                if rule is None
                else {"id": hex_id(program.ir.rules[rule].id), **(where or {})},
            }
        )
    return "  ".join(_columns(row, where))


def _columns(row: Row, where: dict[str, Any] | None) -> Iterator[str]:
    outcome = row.outcome
    by = f" by {outcome.by}" if outcome.result == "refused" else ""
    yield f"{row.decision.effect:5}"
    yield row_text(row)
    yield f"[{outcome.result}{by}]"
    yield f"{where['file']}:{where['line']}" if where else "by default"
