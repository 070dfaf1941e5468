"""What came of the tests of policies: as text, as JSON, one object a line, and as JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from compiler.checks.tests import TestResult
from compiler.driver import Program
from compiler.ir.ir import OTHER, Effect, Request
from compiler.ir.requests import catalogue
from compiler.lowering.problems import request_text
from compiler.pattern import pattern
from compiler.record import NamedTuple
from compiler.source import Source, Span
from compiler.sourcemap import hex_id, place

if TYPE_CHECKING:
    from compiler.checks.examined import Coverage, Score, Survivor

ReportFormat = Literal["text", "json", "junit"]

#: What XML 1.0 cannot hold, not even escaped.
_NO_XML = pattern("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHOWN = 20


class Report(NamedTuple):
    """What came of one policy."""

    policy: str
    program: Program | None
    sources: Mapping[str, Source]
    results: tuple[TestResult, ...] = ()
    errors: tuple[str, ...] = ()
    """Messages of errors besides failing tests: broken assertions are among them."""
    coverage: Coverage | None = None
    score: Score | None = None

    @property
    def failed(self) -> bool:
        return bool(self.errors) or any(result.failed for result in self.results)

    def low(self, least: float | None) -> list[str]:
        """What does not reach a percentage."""
        measured = {"coverage": self.coverage, "mutation": self.score}
        return [
            f"{name} is {_percent(value.percent)}, less than {least:g}%"
            for name, value in measured.items()
            if least is not None and value is not None and value.percent < least
        ]

    def written(self, index: int) -> Span:
        """Where a rule stands: rules are listed in this order."""
        assert self.program is not None
        return self.program.spans[index]

    def rule(self, index: int | None) -> dict[str, Any] | None:
        """A rule as JSON has it."""
        if index is None or self.program is None:
            return None
        number = hex_id(self.program.ir.rules[index].id)
        return {"id": number, **place(self.program.spans[index], self.sources)}


def report(reports: Sequence[Report], format: ReportFormat, least: float | None) -> str:
    """All reports in one format."""
    if format == "junit":
        return _junit(reports, least)
    lines = _json if format == "json" else _text
    return "".join(f"{line}\n" for r in reports for line in lines(r, least))


def _percent(value: float) -> str:
    """Rounded down: what is not all never reads as 100%."""
    return f"{int(value * 10) / 10:g}%"


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


# Text


def _text(r: Report, least: float | None) -> Iterator[str]:
    for result in r.results:
        word = "FAILED" if result.failed else "ok" if result.cases else "empty"
        passed = result.cases - result.failed
        yield f"{word:6} {_line(result.title)} ({passed} of {result.cases})"
    if r.coverage is not None:
        yield from _coverage_text(r, r.coverage)
    if r.score is not None:
        yield from _score_text(r, r.score)
    for low in r.low(least):
        yield f"FAILED {low}"


def _placed(rule: dict[str, Any] | None) -> str:
    return f"{rule['file']}:{rule['line']}  {rule['text']}" if rule else "by default"


def _coverage_text(r: Report, c: Coverage) -> Iterator[str]:
    yield (
        f"coverage: {c.covered} of {c.classes} classes of requests ({_percent(c.percent)});"
        f" tests ask about {c.by_tests}, assertions about {c.by_assertions}"
    )
    unseen: dict[int, int] = {}
    for row in c.open:
        if row.rule is not None:
            unseen[row.rule] = unseen.get(row.rule, 0) + row.box.actions.bit_count()
    most = sorted(unseen, key=lambda index: (-unseen[index], r.written(index)))
    for index in most[:_SHOWN]:
        yield f"  {unseen[index]:4} not asked about: {_placed(r.rule(index))}"
    if len(unseen) > _SHOWN:
        yield f"  and {len(unseen) - _SHOWN} more rules; --format json lists all"


def _score_text(r: Report, score: Score) -> Iterator[str]:
    yield (
        f"mutants: {score.killed} killed, {len(score.survivors)} survive"
        f" ({_percent(score.percent)}); {score.equal} decide the same,"
        f" {score.broken} do not compile"
    )
    for s in score.survivors:
        yield f"  survives: {_placed(r.rule(s.mutant.rule))}  [{s.mutant.text}]"
        yield f"            {request_text(s.request)}: {s.after} instead of {s.before}"
    assert r.program is not None
    yield from _tests(r.program, score)


def _tests(program: Program, score: Score) -> Iterator[str]:
    """Test blocks that would kill the survivors, ready to be pasted."""
    from compiler.checks.examined import missing_tests

    cases = [_case(program, s) for s in missing_tests(score)]
    if cases:
        yield ""
        yield 'test "what no test or assertion noticed" {'
        yield from cases
        yield "}"


def _case(program: Program, s: Survivor) -> str:
    request = s.request
    nameless = OTHER in (request.protocol, request.domain, request.type, request.socket_protocol)
    nameless |= not _is_alike(program, request, s.before)
    mark = "# has no name in the language: " if nameless else ""
    return f"    {mark}{s.before} {request_text(request)};"


def _is_alike(program: Program, request: Request, effect: Effect) -> bool:
    """Whether all requests that the name of a request's action stands for are decided alike."""
    decide = program.lowered.decider.decide
    return all(
        decide(request._replace(action=leaf.name)).effect == effect
        for leaf in catalogue(program.ir).leaves
        if leaf.asked and leaf.name.startswith(f"{request.action}.")
    )


# JSON


def _json(r: Report, least: float | None) -> Iterator[str]:
    if r.errors:
        yield json.dumps({"policy": r.policy, "errors": list(r.errors)})
    for result in r.results:
        row = {
            "policy": r.policy,
            "test": result.title,
            "cases": result.cases,
            "failed": result.failed,
            "failures": list(result.failures),
        }
        yield json.dumps(row)
    if r.coverage is not None:
        yield json.dumps({"policy": r.policy, "coverage": _coverage_json(r, r.coverage)})
    if r.score is not None:
        yield json.dumps({"policy": r.policy, "mutation": _score_json(r, r.score)})


def _coverage_json(r: Report, c: Coverage) -> dict[str, Any]:
    from compiler.analysis.frame import Frame
    from compiler.analysis.wording import Wording

    assert r.program is not None
    wording = Wording(Frame(r.program.ir))
    return {
        "classes": c.classes,
        "covered": c.covered,
        "by_tests": c.by_tests,
        "by_assertions": c.by_assertions,
        "percent": round(c.percent, 2),
        "uncovered": [
            {
                "request": next(wording.patterns(row.box))[0],
                "decision": row.effect,
                "rule": r.rule(row.rule),
            }
            for row in c.uncovered
        ],
    }


def _score_json(r: Report, score: Score) -> dict[str, Any]:
    assert r.program is not None
    return {
        "killed": score.killed,
        "survived": len(score.survivors),
        "equal": score.equal,
        "broken": score.broken,
        "percent": round(score.percent, 2),
        "survivors": [
            {
                "rule": r.rule(s.mutant.rule),
                "kind": s.mutant.kind,
                "change": s.mutant.text,
                "request": request_text(s.request),
                "before": s.before,
                "after": s.after,
            }
            for s in score.survivors
        ],
        "tests": "".join(f"{line}\n" for line in _tests(r.program, score)).lstrip(),
    }


# JUnit


def _junit(reports: Iterable[Report], least: float | None) -> str:
    """A testsuite for each policy, and a testcase for each test block."""
    root = ElementTree.Element("testsuites", name="cellc test")
    for r in reports:
        suite = ElementTree.SubElement(root, "testsuite", name=_xml(r.policy))
        _measured(suite, r)
        _testcase(suite, r, "the policy compiles and its assertions hold", r.errors)
        for result in r.results:
            _testcase(suite, r, result.title, result.failures)
        if low := r.low(least):
            _testcase(suite, r, "what tests ask about is enough", low)
        failures = sum(case.find("failure") is not None for case in suite)
        suite.set("tests", str(len(suite.findall("testcase"))))
        suite.set("failures", str(failures))
        suite.set("errors", "0")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _measured(suite: ElementTree.Element, r: Report) -> None:
    measured = {"coverage": r.coverage, "mutation": r.score}
    if any(value is not None for value in measured.values()):
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in measured.items():
            if value is not None:
                percent = f"{value.percent:.2f}"
                ElementTree.SubElement(properties, "property", name=name, value=percent)


def _testcase(suite: ElementTree.Element, r: Report, name: str, failures: Sequence[str]) -> None:
    case = ElementTree.SubElement(suite, "testcase", name=_xml(name), classname=_xml(r.policy))
    if failures:
        text = _xml("\n".join(failures))
        failure = ElementTree.SubElement(case, "failure", message=_xml(failures[0]))
        failure.text = text


def _xml(text: str) -> str:
    return _NO_XML.sub("?", text)
