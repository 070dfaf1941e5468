"""Findings as programs read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
from hypothesis import given

from compiler.diagnostics import Diagnostic, Related
from compiler.render import render_json, render_sarif
from compiler.source import Source, Span
from tests.render.support import DIAGNOSTICS, SOURCES, error_at

SCHEMA = Path(__file__).parents[1] / "data" / "sarif-schema-2.1.0.json"
VALIDATOR = jsonschema.Draft4Validator(
    json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker()
)


def sarif(diagnostics: list[Diagnostic], sources: dict[str, Source]) -> Any:
    log = json.loads(render_sarif(diagnostics, sources, version="1.2", titles={"E0203": "unknown"}))
    VALIDATOR.validate(log)
    return log["runs"][0]


def test_json_is_one_object_a_line() -> None:
    related = (Related(Span("p.cell", 0, 4), "é"), Related(Span("gone", 1, 2), "there"))
    sources, diagnostic = error_at("deny\n x;", "x", help="no", related=related)
    out = render_json([diagnostic, Diagnostic("E1", "note", "m", None)], sources)
    first, second = map(json.loads, out.splitlines())
    nowhere = {"line": None, "column": None, "end_line": None, "end_column": None}
    assert first == {
        "code": "E0203",
        "severity": "error",
        "message": "no such action",
        "help": "no",
        "span": {"file": "p.cell", "line": 2, "column": 2, "end_line": 2, "end_column": 3},
        "related": [
            {
                "message": "é",
                "span": {"file": "p.cell", "line": 1, "column": 1, "end_line": 1, "end_column": 5},
            },
            {"message": "there", "span": {"file": "gone", **nowhere}},
        ],
    }
    assert second == {
        "code": "E1",
        "severity": "note",
        "message": "m",
        "help": None,
        "span": None,
        "related": [],
    }


@given(DIAGNOSTICS, SOURCES)
def test_json_carries_any_text(diagnostics: list[Diagnostic], sources: dict[str, Source]) -> None:
    out = render_json(diagnostics, sources)
    assert out.isascii()
    assert all(line.isprintable() for line in out.split("\n"))
    objects = [json.loads(line) for line in out.split("\n")[:-1]]
    assert [o["message"] for o in objects] == [d.message for d in diagnostics]
    assert [o["span"] and o["span"]["file"] for o in objects] == [
        d.span and d.span.file for d in diagnostics
    ]


def test_sarif_of_no_findings_is_valid() -> None:
    assert sarif([], {})["results"] == []


def test_sarif_names_the_place_and_the_rule() -> None:
    related = (Related(Span("p.cell", 0, 4), "here"),)
    sources, diagnostic = error_at("deny\n x;", "x", help="no", related=related)
    run = sarif([Diagnostic("W9", "warning", "m", None), diagnostic], sources)
    assert run["tool"]["driver"]["version"] == "1.2"
    assert run["tool"]["driver"]["rules"] == [
        {"id": "E0203", "shortDescription": {"text": "unknown"}},
        {"id": "W9"},
    ]
    warning, error = run["results"]
    assert (warning["ruleIndex"], warning["level"], "locations" in warning) == (1, "warning", False)
    assert (error["ruleIndex"], error["level"]) == (0, "error")
    assert error["message"]["text"] == "no such action\nhelp: no"
    assert error["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "p.cell"},
        "region": {"startLine": 2, "startColumn": 2, "endLine": 2, "endColumn": 3},
    }
    assert error["relatedLocations"][0]["message"]["text"] == "here"


@given(DIAGNOSTICS, SOURCES)
def test_sarif_is_valid_for_any_finding(
    diagnostics: list[Diagnostic], sources: dict[str, Source]
) -> None:
    results = sarif(diagnostics, sources)["results"]
    assert len(results) == len(diagnostics)
    for result, diagnostic in zip(results, diagnostics, strict=True):
        if diagnostic.span:
            location = result["locations"][0]["physicalLocation"]["artifactLocation"]
            uri = location["uri"]
            assert unquote(uri, errors="surrogatepass") == diagnostic.span.file
