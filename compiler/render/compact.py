"""One line a finding, as compilers print them and editors read them."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Diagnostic
from compiler.render.report import Report
from compiler.render.text import visible


def render(report: Report) -> str:
    """`FILE:LINE:COLUMN: SEVERITY[CODE]: MESSAGE; HELP`, without what is not known."""
    return "".join("".join(_parts(finding, report)) + "\n" for finding in report.findings)


def _parts(finding: Diagnostic, report: Report) -> Iterator[str]:
    if finding.span:
        at = report.place(finding.span)
        yield visible(finding.span.file)
        yield f":{at.line}:{at.column}: " if at else ": "
    yield f"{finding.severity}[{finding.code}]: {visible(finding.message)}"
    if finding.help:
        yield f"; {visible(finding.help)}"
