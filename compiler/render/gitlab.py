"""A report of code quality as GitLab shows it beside a merge request."""

from __future__ import annotations

import json

from compiler.diagnostics import Diagnostic
from compiler.render.report import Report

_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def render(report: Report) -> str:
    """One JSON array.  GitLab wants a path and a line of each: what has none gets line 1."""
    return json.dumps([_issue(*row, report) for row in report.rows()], indent=2) + "\n"


def _issue(finding: Diagnostic, fingerprint: str, report: Report) -> dict[str, object]:
    at = report.place(finding.span)
    lines = {"begin": at.line, "end": at.end_line} if at else {"begin": 1, "end": 1}
    path = report.file(finding) or "."
    words = f"{finding.message}; {finding.help}" if finding.help else finding.message
    return {
        "description": words,
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": lines},
    }
