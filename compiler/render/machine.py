"""Findings for programs: JSON, one object a line, and SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.diagnostics import Diagnostic
from compiler.render.place import place
from compiler.source import Source, Span

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_Object = dict[str, object]


def render_json(diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source]) -> str:
    """One JSON object a line and finding, in ASCII, in the order given."""
    # Only this format needs json, and most runs print text.
    import json

    return "".join(json.dumps(_finding(d, sources)) + "\n" for d in diagnostics)


def render_sarif(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, Source],
    *,
    version: str,
    titles: Mapping[str, str] | None = None,
) -> str:
    """A SARIF 2.1.0 log of one run of cellc `version`; `titles` describe codes in a few words."""
    import json

    titles = titles or {}
    codes = sorted({d.code for d in diagnostics})
    index = {code: n for n, code in enumerate(codes)}
    driver: _Object = {
        "name": "cellc",
        "version": version,
        "rules": [_rule(code, titles.get(code)) for code in codes],
    }
    run: _Object = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, index[d.code], sources) for d in diagnostics],
    }
    log: _Object = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _finding(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> _Object:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "help": diagnostic.help or None,
        "span": _span(diagnostic.span, sources),
        "related": [
            {"message": related.message, "span": _span(related.span, sources)}
            for related in diagnostic.related
        ],
    }


def _span(span: Span | None, sources: Mapping[str, Source]) -> _Object | None:
    if span is None:
        return None
    source = sources.get(span.file)
    at = place(span, source) if source else None
    return {
        "file": span.file,
        "line": at and at.line,
        "column": at and at.column,
        "end_line": at and at.end_line,
        "end_column": at and at.end_column,
    }


def _rule(code: str, title: str | None) -> _Object:
    return {"id": code, "shortDescription": {"text": title}} if title else {"id": code}


def _result(diagnostic: Diagnostic, rule: int, sources: Mapping[str, Source]) -> _Object:
    words = diagnostic.message
    if diagnostic.help:
        words += f"\nhelp: {diagnostic.help}"
    result: _Object = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": words},
    }
    if diagnostic.span:
        result["locations"] = [{"physicalLocation": _physical(diagnostic.span, sources)}]
    if diagnostic.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _physical(related.span, sources),
                "message": {"text": related.message},
            }
            for number, related in enumerate(diagnostic.related)
        ]
    return result


def _physical(span: Span, sources: Mapping[str, Source]) -> _Object:
    from urllib.parse import quote

    location: _Object = {
        "artifactLocation": {"uri": quote(span.file, safe="/", errors="surrogatepass")}
    }
    source = sources.get(span.file)
    if source:
        at = place(span, source)
        location["region"] = {
            "startLine": at.line,
            "startColumn": at.column,
            "endLine": at.end_line,
            "endColumn": at.end_column,
        }
    return location
