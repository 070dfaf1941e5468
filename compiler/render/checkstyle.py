"""Findings in the format of Checkstyle, which many CI servers read."""

from __future__ import annotations

from compiler.diagnostics import Diagnostic
from compiler.render.report import Report
from compiler.render.xml import Element, document, element

_SEVERITIES = {"error": "error", "warning": "warning", "note": "info"}


def render(report: Report) -> str:
    """One XML document with an element for each file; findings about none have an empty name."""
    root = element("checkstyle", version="4.3")
    files: dict[str, Element] = {}
    for finding in report.findings:
        name = finding.span.file if finding.span else ""
        if name not in files:
            files[name] = element("file", name=name)
            root.append(files[name])
        files[name].append(_error(finding, report))
    return document(root)


def _error(finding: Diagnostic, report: Report) -> Element:
    at = report.place(finding.span)
    words = f"{finding.message}; {finding.help}" if finding.help else finding.message
    made = element("error", severity=_SEVERITIES[finding.severity], message=words)
    made.set("source", f"cellc.{finding.code}")
    if at:
        made.set("line", str(at.line))
        made.set("column", str(at.column))
    return made
