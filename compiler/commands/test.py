"""`cellc test`: runs the `test` and `assert` statements of policies, and measures them."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable
from pathlib import Path

from compiler import files
from compiler.checks.tests import run_tests
from compiler.commands.named import named
from compiler.commands.output import files_of, print_findings
from compiler.commands.test_report import Report, ReportFormat, report
from compiler.diagnostics import Diagnostics
from compiler.driver import Compilation, Program, compile_policy, read_part
from compiler.names.project import policy_root
from compiler.record import NamedTuple


class Measures(NamedTuple):
    """What is measured beside running the tests."""

    coverage: bool = False
    mutate: bool = False
    fail_under: float | None = None
    """Percent that each measure must reach."""


def test(
    paths: Iterable[Path], today: datetime.date, format: ReportFormat, measures: Measures
) -> int:
    """Runs all tests and prints a report; findings go to standard error.  The exit status."""
    these = named(paths)
    if these is None:
        return 2
    reports = [_run(path, today, measures) for path in these.policies]
    reports += _broken_parts(these.parts, reports)
    sys.stdout.write(report(reports, format, measures.fail_under))
    return int(any(r.failed or r.low(measures.fail_under) for r in reports))


def _run(path: Path, today: datetime.date, measures: Measures) -> Report:
    compilation = compile_policy(path, today)
    found = Diagnostics()
    found.extend(compilation.diagnostics)
    program = compilation.decided
    made = _report(path, compilation)
    if program is not None:
        results = run_tests(program.policy, program.lowered, compilation.sources, found)
        made = made._replace(results=tuple(results))
        if measures.coverage or measures.mutate:
            made = _measured(made, program, measures)
    print_findings(found.sorted(), compilation.sources, policy_root(path))
    return made


def _report(path: Path, compilation: Compilation) -> Report:
    errors = tuple(error.message for error in compilation.diagnostics)
    return Report(path.as_posix(), compilation.decided, compilation.sources, errors=errors)


def _broken_parts(parts: Iterable[Path], reports: Iterable[Report]) -> list[Report]:
    """The parts of policies that none of those reported imports, if they cannot be read."""
    read = {file for r in reports for file in files_of(r.sources, policy_root(Path(r.policy)))}
    broken = []
    for path in parts:
        if Path(files.real(str(path))) in read:
            continue
        part = read_part(path)
        if part.failed:
            print_findings(part.diagnostics, part.sources, policy_root(path))
            broken.append(_report(path, part))
    return broken


def _measured(made: Report, program: Program, measures: Measures) -> Report:
    """With its measures; mutants are only compared with a policy that passes."""
    from compiler.checks.examined import Examiner

    examiner = Examiner(program.policy, program.lowered)
    if measures.coverage:
        made = made._replace(coverage=examiner.coverage())
    if measures.mutate and made.failed:
        sys.stderr.write(f"cellc: {made.policy} fails, so nobody can tell what its mutants would\n")
    elif measures.mutate:
        made = made._replace(score=examiner.mutation())
    return made
