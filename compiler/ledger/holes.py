"""What a build with `--require full` refuses: statements that are not enforced in full."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.diagnostics import Diagnostics
from compiler.ledger.finding import Entry


def report_holes(entries: Iterable[Entry], found: Diagnostics) -> None:
    """An error for each statement that nothing enforces, or that is approximated."""
    for entry in entries:
        finding = entry.finding
        match finding.status:
            case "not enforceable":
                message = f"nothing enforces this: {finding.why}"
            case "approximated":
                message = f"this is approximated and {finding.direction}: {finding.why}"
            case _:
                continue
        found.error(
            "E0612",
            message,
            entry.statement.span,
            f"{finding.remedy}, or do without `--require full`",
        )
