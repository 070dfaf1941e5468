"""Findings as SARIF 2.1.0, within what GitHub takes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from compiler.diagnostics import Diagnostic
from compiler.render.report import Report
from compiler.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: GitHub refuses files with more ("SARIF support for code scanning", limits).
_MOST_RESULTS = 25_000
_MOST_LOCATIONS = 1000

_SEVERITIES = ("error", "warning", "note")

_Object = dict[str, object]


def render(report: Report) -> str:
    """A log of one run.  Of more results than GitHub takes, the least severe are left out."""
    rows = list(report.rows())
    if len(rows) > _MOST_RESULTS:
        order = sorted(range(len(rows)), key=lambda n: _SEVERITIES.index(rows[n][0].severity))
        rows = [rows[n] for n in sorted(order[:_MOST_RESULTS])]
    codes = sorted({finding.code for finding, _ in rows})
    index = {code: n for n, code in enumerate(codes)}
    driver: _Object = {
        "name": "cellc",
        "version": report.version,
        "rules": [_rule(code, report) for code in codes],
    }
    run: _Object = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(len(report.findings) - len(rows))],
        "results": [_result(*row, index, report) for row in rows],
    }
    log: _Object = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _invocation(left_out: int) -> _Object:
    if not left_out:
        return {"executionSuccessful": True}
    text = f"{left_out} findings are left out: a file holds {_MOST_RESULTS} at most"
    notes = [{"level": "warning", "message": {"text": text}}]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _rule(code: str, report: Report) -> _Object:
    rule: _Object = {"id": code}
    title, page = report.titles.get(code), report.help.get(code)
    if title:
        rule["shortDescription"] = {"text": title}
    if page:
        rule["help"] = {"text": page, "markdown": page}
    return rule


def _result(
    finding: Diagnostic, fingerprint: str, index: dict[str, int], report: Report
) -> _Object:
    words = finding.message
    if finding.help:
        words += f"\nhelp: {finding.help}"
    result: _Object = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": finding.severity,
        "message": {"text": words},
        "partialFingerprints": {"cellc/v1": fingerprint},
    }
    if finding.span:
        result["locations"] = [{"physicalLocation": _physical(finding.span, report)}]
    elif file := report.file(finding):  # GitHub drops results that are nowhere
        result["locations"] = [{"physicalLocation": {"artifactLocation": _uri(file)}}]
    if finding.related:
        result["relatedLocations"] = _related(finding, report)
    return result


def _related(finding: Diagnostic, report: Report) -> Sequence[_Object]:
    return [
        {
            "id": number,
            "physicalLocation": _physical(related.span, report),
            "message": {"text": related.message},
        }
        for number, related in enumerate(finding.related[:_MOST_LOCATIONS])
    ]


def _physical(span: Span, report: Report) -> _Object:
    location: _Object = {"artifactLocation": _uri(span.file)}
    at = report.place(span)
    if at:
        location["region"] = {
            "startLine": at.line,
            "startColumn": at.column,
            "endLine": at.end_line,
            "endColumn": at.end_column,
        }
    return location


def _uri(name: str) -> _Object:
    return {"uri": quote(name, safe="/", errors="surrogatepass")}
