"""Findings for programs: JSON, one object a line."""

from __future__ import annotations

import json

from compiler.diagnostics import Diagnostic
from compiler.render.report import Report
from compiler.source import Span


def render(report: Report) -> str:
    """One JSON object a line and finding, in ASCII."""
    return "".join(json.dumps(_finding(*row, report)) + "\n" for row in report.rows())


def _finding(diagnostic: Diagnostic, fingerprint: str, report: Report) -> dict[str, object]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "help": diagnostic.help or None,
        "span": _span(diagnostic.span, report),
        "related": [
            {"message": related.message, "span": _span(related.span, report)}
            for related in diagnostic.related
        ],
        "fingerprint": fingerprint,
    }


def _span(span: Span | None, report: Report) -> dict[str, object] | None:
    if span is None:
        return None
    at = report.place(span)
    return {
        "file": span.file,
        "line": at and at.line,
        "column": at and at.column,
        "end_line": at and at.end_line,
        "end_column": at and at.end_column,
    }
