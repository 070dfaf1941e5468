"""Workflow commands of GitHub Actions: each finding becomes an annotation of its line."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.render.report import Report

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report) -> str:
    """One command a line; of each severity GitHub shows ten a step and drops the rest."""
    return "".join(_command(finding, report) for finding in report.findings)


def _command(finding: Diagnostic, report: Report) -> str:
    properties = ",".join(
        f"{name}={_clean(value).translate(_PROPERTY)}"
        for name, value in _properties(finding, report)
    )
    words = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    data = _clean(words).translate(_DATA)
    return f"::{_COMMANDS[finding.severity]} {properties}::{data}\n"


def _properties(finding: Diagnostic, report: Report) -> Iterator[tuple[str, str]]:
    if finding.span:
        yield "file", finding.span.file
        at = report.place(finding.span)
        if at:
            yield "line", str(at.line)
            yield "endLine", str(at.end_line)
            # GitHub refuses columns of a place on several lines.
            if at.line == at.end_line:
                yield "col", str(at.column)
                yield "endColumn", str(at.end_column)
    title = report.titles.get(finding.code)
    yield "title", f"{finding.code}: {title}" if title else finding.code


def _clean(text: str) -> str:
    """Without lone surrogates, which the runner's UTF-8 has no bytes for."""
    return text.encode("utf-8", "backslashreplace").decode()
