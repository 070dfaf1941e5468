"""Findings as programs read them: expected files for one report, any text for every format."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given

from compiler.diagnostics import Diagnostic, Related
from compiler.render.formats import FORMATS, rendered
from compiler.render.report import Report, fingerprints
from compiler.source import Source, Span
from tests.render.support import DIAGNOSTICS, SOURCES

EXPECTED = Path(__file__).parent / "formats"
SCHEMA = Path(__file__).parents[1] / "data" / "sarif-schema-2.1.0.json"
VALIDATOR = jsonschema.Draft4Validator(
    json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker()
)
TEXT = 'policy p;\ntarget netbsd 10.1;\ncell a {\n    allow "é*/", x;\n    allow x;\n}\n'


def at(marked: str, file: str = "a b/p.cell") -> Span:
    start = TEXT.index(marked)
    return Span(file, start, start + len(marked))


FINDINGS = (
    Diagnostic("E0203", "error", "no action `é*/`", at('"é*/"'), 'write "é" & <no> more'),
    Diagnostic(
        "SEC001",
        "warning",
        "50%, really: <a>\x1b",
        at("cell a {\n    allow"),
        "two\nlines",
        (Related(at("policy p;"), "the policy"), Related(Span("gone,x", 1, 2), "there")),
    ),
    Diagnostic("STY001", "note", "about a file", Span("gone,x", 0, 0)),
    Diagnostic("DEP001", "warning", "about no file", None),
    Diagnostic("STY001", "note", "again", at("allow x;")),
)


def report(findings: Any = FINDINGS, sources: Any = None) -> Report:
    if sources is None:
        sources = {name: Source(name, TEXT) for name in ("a b/p.cell", "fine.cell")}
    return Report(
        findings,
        sources,
        fingerprints(findings, sources),
        {"E0203": "unknown action", "SEC001": "something, permissive"},
        {"SEC001": "# SEC001\n"},
        ("a b/p.cell", "fine.cell"),
        dict.fromkeys(findings, "fine.cell"),
        "1.2",
    )


@pytest.mark.parametrize("format", FORMATS)
def test_expected(format: str, request: pytest.FixtureRequest) -> None:
    out = rendered(format, report())
    path = EXPECTED / format
    if request.config.getoption("--bless"):
        path.write_text(out)
    assert out == path.read_text()
    empty = rendered(format, Report((), {}))
    assert empty == "" or empty.endswith("\n")


@given(DIAGNOSTICS, SOURCES)
def test_json_carries_any_text(findings: list[Diagnostic], sources: dict[str, Source]) -> None:
    out = rendered("json", report(findings, sources))
    assert out.isascii()
    assert all(line.isprintable() for line in out.split("\n"))
    objects = [json.loads(line) for line in out.split("\n")[:-1]]
    assert [o["message"] for o in objects] == [d.message for d in findings]
    assert [o["span"] and o["span"]["file"] for o in objects] == [
        d.span and d.span.file for d in findings
    ]


@given(DIAGNOSTICS, SOURCES)
def test_sarif_is_valid_for_any_finding(
    findings: list[Diagnostic], sources: dict[str, Source]
) -> None:
    log = json.loads(rendered("sarif", report(findings, sources)))
    VALIDATOR.validate(log)
    results = log["runs"][0]["results"]
    assert len(results) == len(findings)
    for result, finding in zip(results, findings, strict=True):
        if finding.span:
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert unquote(uri, errors="surrogatepass") == finding.span.file


def test_sarif_of_no_findings_is_valid() -> None:
    log = json.loads(rendered("sarif", report(())))
    VALIDATOR.validate(log)
    assert log["runs"][0]["results"] == []


def test_sarif_keeps_within_the_limits_of_github_and_says_what_it_leaves_out() -> None:
    many = [Diagnostic("STY001", "note", "x", None)] * 25_000
    related = (Related(at("policy p;"), "x"),) * 1001
    findings = [*many, Diagnostic("E0203", "error", "y", at("cell"), related=related)]
    run = json.loads(rendered("sarif", report(findings)))["runs"][0]
    assert len(run["results"]) == 25_000
    assert run["results"][-1]["ruleId"] == "E0203"
    assert len(run["results"][-1]["relatedLocations"]) == 1000
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("1 findings are left out")


@given(DIAGNOSTICS, SOURCES)
def test_github_gets_one_command_a_finding(
    findings: list[Diagnostic], sources: dict[str, Source]
) -> None:
    lines = rendered("github", report(findings, sources)).splitlines(keepends=True)
    commands = "".join(lines).split("\n")[:-1]
    assert len(commands) == len(findings)
    for command in commands:
        found = re.fullmatch(r"::(error|warning|notice) ([^\r\n]*?)::([^\r\n]*)", command, re.S)
        assert found is not None
        assert all(re.fullmatch(r"\w+=[^:,]*", p) for p in found[2].split(","))


@given(DIAGNOSTICS, SOURCES)
def test_gitlab_wants_a_path_and_a_fingerprint_of_its_own_for_each(
    findings: list[Diagnostic], sources: dict[str, Source]
) -> None:
    issues = json.loads(rendered("gitlab", report(findings, sources)))
    assert len({issue["fingerprint"] for issue in issues}) == len(findings)
    assert all(issue["location"]["path"] for issue in issues)
    assert all(issue["location"]["lines"]["begin"] >= 1 for issue in issues)


@pytest.mark.parametrize("format", ["junit", "checkstyle"])
@given(findings=DIAGNOSTICS, sources=SOURCES)
def test_xml_is_well_formed_for_any_text(
    format: str, findings: list[Diagnostic], sources: dict[str, Source]
) -> None:
    root = ElementTree.fromstring(rendered(format, report(findings, sources)))
    of_findings = [
        case
        for case in root.iter("testcase" if format == "junit" else "error")
        if case.get("name") != "no findings"
    ]
    assert len(of_findings) == len(findings)


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(rendered("junit", report()))
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite)
        for tag, name in (("failure", "failures"), ("skipped", "skipped")):
            assert int(suite.get(name, "")) == len(suite.findall(f"testcase/{tag}"))


@given(DIAGNOSTICS)
def test_compact_is_one_printable_line_a_finding(findings: list[Diagnostic]) -> None:
    lines = rendered("compact", report(findings)).split("\n")
    assert len(lines) == len(findings) + 1
    assert all(line.isprintable() for line in lines)


def _later(span: Span | None) -> Span | None:
    """A span in TEXT nine characters further on."""
    if span is None or span.file == "gone,x":
        return span
    return Span(span.file, span.start + 9, span.end + 9)


def test_fingerprints_stay_while_lines_move_and_tell_like_findings_apart() -> None:
    before = fingerprints(FINDINGS, report().sources)
    moved = [Diagnostic(d.code, d.severity, "in other words", _later(d.span)) for d in FINDINGS]
    sources = {"a b/p.cell": Source("a b/p.cell", "# moved\n\n" + TEXT)}
    assert fingerprints(moved, sources) == before
    changed = {"a b/p.cell": Source("a b/p.cell", TEXT.replace("allow x;", "allow y;"))}
    after = fingerprints(FINDINGS, changed)
    assert [a == b for a, b in zip(after, before, strict=True)] == [True] * 4 + [False]
    twice = fingerprints([FINDINGS[0]] * 3, report().sources)
    assert len(set(twice)) == 3
    assert twice[0] == before[0]
