"""Every rule does what its page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compiler.diagnostics import Diagnostics
from compiler.lint import rules as folder
from compiler.lint.pages import index, page, policy_text
from compiler.lint.registry import all_rules
from compiler.lint.rule import CATEGORIES, Rule
from compiler.lint.settings import Choice, Settings
from compiler.source import Source
from compiler.syntax.format import format_source
from tests.lint.support import checked, codes

DOCS = Path(__file__).parents[2] / "docs"
RULES = tuple(all_rules().values())

_each = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def _with(rule: Rule) -> Settings:
    """The default, and this rule if it is not part of it."""
    return Settings((("*", Choice(extend=(rule.code,))),))


@_each
def test_the_bad_example_violates_this_rule_and_no_other(rule: Rule) -> None:
    found = checked(policy_text(rule.bad), _with(rule), files=rule.files, header="")
    assert {*codes(found)} == {rule.code, *rule.also}, found.diagnostics


@_each
def test_the_good_example_violates_none(rule: Rule) -> None:
    found = checked(policy_text(rule.good), _with(rule), files=rule.files, header="")
    assert found.diagnostics == ()


@_each
def test_each_finding_says_what_to_do(rule: Rule) -> None:
    found = checked(policy_text(rule.bad), _with(rule), files=rule.files, header="")
    for diagnostic in found.diagnostics:
        assert diagnostic.help
        assert "\n" not in diagnostic.message
        assert not diagnostic.message.endswith(".")
        assert diagnostic.severity == all_rules()[diagnostic.code].severity


@_each
def test_fixes_are_announced(rule: Rule) -> None:
    found = checked(policy_text(rule.bad), _with(rule), files=rule.files, header="")
    assert bool(found.fixes) == (rule.fix is not None)


@_each
def test_a_comment_ignores_it_unless_it_cannot_be_ignored(rule: Rule) -> None:
    settings = _with(rule)
    text = policy_text(rule.bad)
    found = checked(text, settings, files=rule.files, header="")
    lines = text.split("\n")
    for diagnostic in found.diagnostics:
        assert diagnostic.span is not None
        if diagnostic.span.file == "policy.cell":
            line = text.count("\n", 0, diagnostic.span.start)
            if f"ignore {rule.code}" not in lines[line]:
                lines[line] += f" # cellc: ignore {rule.code} -- tried in a test"
    ignored = checked("\n".join(lines), settings, files=rule.files, header="")
    left = [d for d in ignored.diagnostics if d.span and d.span.file == "policy.cell"]
    assert (left == []) == rule.ignorable


@_each
def test_it_can_be_turned_off_unless_it_cannot_be_ignored(rule: Rule) -> None:
    off = Settings((("*", Choice(extend=(rule.code,))), ("*", Choice(ignore=(rule.code,)))))
    found = checked(policy_text(rule.bad), off, files=rule.files, header="")
    assert (found.diagnostics == ()) == rule.ignorable


@_each
def test_its_words_are_in_order(rule: Rule) -> None:
    assert rule.code[:3] in CATEGORIES
    assert re.fullmatch(r"[A-Z]{3}\d{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.why.endswith(".")
    assert not rule.remedy.endswith(".")
    assert rule.title[-1] not in ".!"
    for example in (rule.bad, rule.good):
        assert max(map(len, example.splitlines())) <= 80


@_each
def test_its_examples_are_formatted(rule: Rule) -> None:
    for example in (rule.bad, rule.good) if rule.name != "not-formatted" else (rule.good,):
        assert format_source(Source("policy.cell", example), Diagnostics()) == example


def test_files_are_named_after_their_rules() -> None:
    (place,) = folder.__path__
    files = sorted(path.stem for path in Path(place).glob("[a-z]*.py"))
    names = sorted(f"{r.code.lower()}_{r.name.replace('-', '_')}" for r in RULES)
    assert files == names


def test_codes_names_and_titles_are_unique() -> None:
    for words in ({r.code for r in RULES}, {r.name for r in RULES}, {r.title for r in RULES}):
        assert len(words) == len(RULES)


def test_the_pages_are_up_to_date(request: pytest.FixtureRequest) -> None:
    pages = {f"rules/{rule.code}.md": page(rule) for rule in RULES}
    pages["rules.md"] = index(RULES)
    if request.config.getoption("--bless"):
        (DOCS / "rules").mkdir(exist_ok=True)
        for path in (DOCS / "rules").glob("*.md"):
            path.unlink()
        for name, text in pages.items():
            (DOCS / name).write_text(text)
    written = {path.relative_to(DOCS).as_posix() for path in (DOCS / "rules").glob("*.md")}
    assert written | {"rules.md"} == {*pages}
    assert [name for name, text in pages.items() if (DOCS / name).read_text() != text] == []
