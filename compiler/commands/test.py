"""`cellc test`: runs the `test` and `assert` statements of policies."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from compiler.checks.tests import TestResult, run_tests
from compiler.commands.check import policies
from compiler.commands.output import Format, print_findings
from compiler.diagnostics import Diagnostics
from compiler.driver import compile_policy
from compiler.names.project import policy_root


def test(paths: Iterable[Path], today: datetime.date, format: Format) -> int:
    """Runs all tests; a line per test block on standard output, and the exit status."""
    failed = False
    for path in (policy for given in paths for policy in policies(given)):
        compilation = compile_policy(path, today)
        found = Diagnostics()
        found.extend(compilation.diagnostics)
        results: list[TestResult] = []
        program = compilation.program
        if not found.failed and program is not None:
            results = run_tests(program.policy, program.lowered, compilation.sources, found)
        print_findings(found.sorted(), compilation.sources, policy_root(path))
        failed |= found.failed
        for result in results:
            _print(path, result, format)
    return int(failed)


def _print(path: Path, result: TestResult, format: Format) -> None:
    if format == "json":
        row = {
            "policy": path.as_posix(),
            "test": result.title,
            "cases": result.cases,
            "failed": result.failed,
        }
        sys.stdout.write(json.dumps(row) + "\n")
        return
    title = "".join(c if c.isprintable() else "?" for c in result.title)
    word = "ok" if not result.failed else "FAILED"
    passed = result.cases - result.failed
    sys.stdout.write(f"{word:6} {title} ({passed} of {result.cases})\n")
