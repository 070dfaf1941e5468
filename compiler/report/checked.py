"""What came of assertions and tests, what is not enforced as it says, and what lint found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from compiler.checks.tests import run_tests
from compiler.diagnostics import Diagnostic, Diagnostics, Severity
from compiler.driver import BROKEN_PROMISES, Program
from compiler.ledger.finding import Entry
from compiler.ledger.statements import kind
from compiler.report.places import Places
from compiler.report.view import CheckRow, Finding, FindingGroup, HoleRow
from compiler.source import Source

#: What is like many others is counted and not shown.
MOST_ALIKE = 25
MOST_HOLES = 300

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


def assertions_of(
    program: Program, errors: Iterable[Diagnostic], places: Places
) -> tuple[CheckRow, ...]:
    """Every assertion; those that `errors` are about do not hold."""
    failures: dict[object, list[str]] = {}
    for error in errors:
        if error.code in BROKEN_PROMISES:
            words = error.message.removeprefix("assertion broken: ")
            failures.setdefault(error.span, []).append(f"{words}; {error.help}")
    rows = []
    for assertion in program.policy.assertions:
        place = places.at(assertion.span)
        rows.append(CheckRow(place.text, place, 1, tuple(failures.get(assertion.span, ()))))
    return tuple(rows)


def tests_of(
    program: Program, sources: Mapping[str, Source], places: Places
) -> tuple[CheckRow, ...]:
    """Every test, run."""
    results = run_tests(program.policy, program.lowered, sources, Diagnostics())
    return tuple(
        CheckRow(result.title, places.at(result.span), result.cases, result.failures)
        for result in results
    )


def holes_of(entries: Iterable[Entry], places: Places) -> tuple[HoleRow, ...]:
    """The statements that nothing enforces, then those that are approximated."""
    rows = [
        HoleRow(
            entry.finding.status,
            entry.finding.direction or "",
            entry.finding.why,
            places.at(entry.statement.span),
            kind(entry.statement),
        )
        for entry in entries
        if entry.finding.status in ("not enforceable", "approximated")
    ]
    return tuple(sorted(rows, key=lambda row: (row.status == "approximated", row.direction)))


def findings_of(
    found: Sequence[Diagnostic], titles: Mapping[str, str], places: Places
) -> tuple[FindingGroup, ...]:
    """Findings by code, the severe and the frequent first."""
    by_code: dict[tuple[Severity, str], list[Diagnostic]] = {}
    for diagnostic in found:
        by_code.setdefault((diagnostic.severity, diagnostic.code), []).append(diagnostic)
    order = sorted(
        by_code.items(), key=lambda item: (_SEVERITIES.index(item[0][0]), -len(item[1]), item[0][1])
    )
    return tuple(
        FindingGroup(
            code,
            titles[code],
            severity,
            tuple(
                Finding(d.message, d.help, places.at(d.span) if d.span else None)
                for d in listed[:MOST_ALIKE]
            ),
            max(0, len(listed) - MOST_ALIKE),
        )
        for (severity, code), listed in order
    )
