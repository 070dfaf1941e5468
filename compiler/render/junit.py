"""Findings as failed tests, in the format of JUnit."""

from __future__ import annotations

from compiler.diagnostics import Diagnostic
from compiler.render.report import Report
from compiler.render.text import visible
from compiler.render.xml import Element, document, element


def render(report: Report) -> str:
    """One XML document: a suite a file; a file without findings is a test that passes.

    Errors and warnings are failures, notes are tests that were skipped.
    """
    read = [name for name in report.policies if name in report.sources]
    suites: dict[str, list[Element]] = {name: [] for name in read}
    for finding in report.findings:
        name = finding.span.file if finding.span else "cellc"
        suites.setdefault(name, []).append(_case(finding, name, report))
    root = element("testsuites", name="cellc check")
    for name, cases in suites.items():
        cases = cases or [element("testcase", name="no findings", classname=name)]
        suite = element(
            "testsuite",
            name=name,
            tests=len(cases),
            failures=sum(case.find("failure") is not None for case in cases),
            skipped=sum(case.find("skipped") is not None for case in cases),
            errors=0,
        )
        suite.extend(cases)
        root.append(suite)
    return document(root)


def _case(finding: Diagnostic, name: str, report: Report) -> Element:
    at = report.place(finding.span)
    where = f":{at.line}:{at.column}" if at else ""
    case = element("testcase", name=f"{finding.code}{where}", classname=name)
    if at:
        case.set("line", str(at.line))
    message = visible(finding.message)
    if finding.severity == "note":
        case.append(element("skipped", message=message))
    else:
        words = f"{finding.severity}[{finding.code}]: {finding.message}\n{finding.help}".rstrip()
        case.append(element("failure", words, message=message, type=finding.severity))
    return case
