"""Fixes: what they repair, what they leave alone, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from compiler.driver import compile_policy
from compiler.lint.apply import edited
from compiler.lint.edits import without
from compiler.lint.fix import Repair, repair
from compiler.lint.pages import policy_text
from compiler.lint.registry import all_rules
from compiler.lint.rule import Edit, Keeps, Rule
from compiler.lint.settings import Choice, Settings
from compiler.lint.verify import objection
from compiler.source import Source, Span
from tests.lint.support import TODAY, checked, codes

FIXABLE = tuple(rule for rule in all_rules().values() if rule.fix is not None)


def _only(rule: Rule) -> Settings:
    return Settings((("*", Choice(select=(rule.code, "SEC001"))),))


def _repaired(
    folder: Path, text: str, settings: Settings, files: Mapping[str, str] | None = None
) -> Repair:
    for name, content in (files or {}).items():
        (folder / name).write_text(content)
    (folder / "policy.cell").write_text(text)
    return repair(folder / "policy.cell", settings, TODAY)


def _with_comments(text: str) -> str:
    """A comment at the end of every line but those that have one."""
    lines = text.rstrip("\n").split("\n")
    return "".join(
        f"{line}  # comment {n}\n" if line and "#" not in line else f"{line}\n"
        for n, line in enumerate(lines)
    )


def test_there_are_enough() -> None:
    assert len(FIXABLE) >= 15


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.code)
def test_a_fix_repairs_what_its_rule_finds(rule: Rule, tmp_path: Path) -> None:
    done = _repaired(tmp_path, policy_text(rule.bad), _only(rule), rule.files)
    assert done.fixed
    assert done.refused == []
    again = checked(done.texts["policy.cell"], _only(rule), files=rule.files, header="")
    assert rule.code not in codes(again)


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.code)
def test_a_second_run_changes_nothing(rule: Rule, tmp_path: Path) -> None:
    done = _repaired(tmp_path, policy_text(rule.bad), _only(rule), rule.files)
    again = _repaired(tmp_path, done.texts["policy.cell"], _only(rule), rule.files)
    assert again.texts == {}


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.code)
def test_comments_stay(rule: Rule, tmp_path: Path) -> None:
    text = _with_comments(policy_text(rule.bad))
    done = _repaired(tmp_path, text, _only(rule), rule.files)
    after = done.texts.get("policy.cell", text)
    gone = set(re.findall(r"# comment \d+", text)) - set(re.findall(r"# comment \d+", after))
    inside = {"STY004", "STY005"}  # whose blocks go with all that is in them
    assert not gone or rule.code in inside
    assert done.fixed or rule.code in {"STY017", "TST006", "STY014"}


@pytest.mark.parametrize(
    "statement",
    [
        "deny network.socket.open domain # comment\n        link;",
        '@reason "x" # comment\n    deny system.reboot;',
    ],
)
def test_a_statement_with_a_comment_inside_stays(statement: str, tmp_path: Path) -> None:
    text = (
        f"policy p;\ntarget netbsd 10.1;\ncell a {{\n    profile confined;\n    {statement}\n}}\n"
    )
    done = _repaired(tmp_path, text, Settings((("*", Choice(select=("COR",))),)))
    assert "# comment" in done.texts.get("policy.cell", text)


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.code)
def test_what_is_laid_out_by_hand_stays_so(rule: Rule, tmp_path: Path) -> None:
    if rule.name == "not-formatted":
        pytest.skip("it is about the layout")
    by_hand = "\ncell   by-hand   { profile confined; }  \n\n\n"
    done = _repaired(tmp_path, policy_text(rule.bad) + by_hand, _only(rule), rule.files)
    assert done.texts["policy.cell"].endswith(by_hand)


CELL = "policy p;\ntarget netbsd 10.1;\ncell a { profile low; %s }\ncell b { profile low; }\n"


@pytest.mark.parametrize(
    ("before", "after", "keeps", "said"),
    [
        ("deny system.reboot;", "", "everything", "system.reboot"),
        ("deny system.reboot;", "deny system.*;", "decisions", "would become deny"),
        ("deny system.reboot;", "deny system.*;", "weaker", ""),
        ("deny system.*;", "deny system.reboot;", "weaker", "would become allow"),
        ("deny network.bind tcp port 1..80;", "deny network.bind tcp port 1..79;", "decisions",
         "port 80"),
        ("allow process.signal to b;", "", "decisions", "process.signal to b"),
        ("deny system.{reboot, module};", "deny system.module; deny system.reboot;",
         "everything", ""),
        ('user "a";', 'user "b";', "everything", "what `a` is given"),
        ('user "a";', 'user "b";', "decisions", ""),
        ("", "deny nonsense;", "decisions", "would not compile"),
        ("listen tcp 80;", "", "decisions", "port 80"),
    ],
)  # fmt: skip
def test_a_change_of_meaning_is_seen(
    before: str, after: str, keeps: Keeps, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "policy.cell"
    path.write_text(CELL % before)
    program = compile_policy(path, TODAY).program
    assert program is not None
    changed = compile_policy(path, TODAY, texts={"policy.cell": CELL % after})
    why = objection(program, changed, keeps)
    assert said in why if said else why == ""


def test_a_fix_that_changes_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = all_rules()["STY018"]
    monkeypatch.setattr("compiler.lint.rules.sty018_size_in_bytes._UNITS", (("M", 1 << 10),))
    done = _repaired(tmp_path, policy_text(rule.bad), _only(rule))
    assert done.texts == {}
    assert done.fixed == []
    assert [why for _, why in done.refused] == ["it would change what `web` is given"]


def test_a_fix_of_an_imported_file_is_verified_for_all_who_import_it(tmp_path: Path) -> None:
    shared = "profile shared extends confined {\n    deny network.bind port {80};\n}\n"
    (tmp_path / "shared.cell").write_text(shared)
    text = 'policy p;\ntarget netbsd 10.1;\nimport "shared.cell";\ncell a { profile shared; }\n'
    for name in ("one.cell", "two.cell"):
        (tmp_path / name).write_text(text)
    settings = _only(all_rules()["STY013"])
    done = repair(tmp_path / "one.cell", settings, TODAY, [tmp_path / "two.cell"])
    assert done.texts == {"shared.cell": shared.replace("{80}", "80")}
    assert "deny" in done.before["shared.cell"]


def test_edits_keep_the_rest_of_a_text() -> None:
    text = "policy p;\ntarget  netbsd 10.1;\n\nlet   a = {80};   # why\nlet b  = 1;\n"
    source = Source("p.cell", text)
    at = text.index("{80}")
    made = edited(source, [Edit(Span("p.cell", at, at + 4), "80")])
    assert made == text.replace("let   a = {80};", "let a = 80;")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_end_as_they_all_did(end: str) -> None:
    lines = ["policy p;", "target  netbsd 10.1;", "cell a {", "    profile low;", "}", ""]
    text = end.join(lines)
    at = text.index("}")
    made = edited(Source("p.cell", text), [Edit(Span("p.cell", at, at), "    permissive;\n")])
    assert made == end.join([*lines[:4], "    permissive;", *lines[4:]])


def test_an_edit_that_breaks_the_text_makes_none() -> None:
    text = "policy p;\ntarget netbsd 10.1;\n"
    assert edited(Source("p.cell", text), [Edit(Span("p.cell", 6, 9), "")]) is None


def test_a_canonical_text_stays_canonical() -> None:
    text = "policy p;\ntarget netbsd 10.1;\nlet a = 80;\n"
    at = text.index("80")
    made = edited(Source("p.cell", text), [Edit(Span("p.cell", at, at + 2), "{80,81}")])
    assert made == text.replace("80", "{80, 81}")


@pytest.mark.parametrize(
    ("text", "gone", "left"),
    [
        ("a { x; y; }", "y;", "a { x; }"),
        ("a {\n    x;\n    y;\n}\n", "x;", "a {\n    y;\n}\n"),
        ("a {\n    x; # why\n}\n", "x;", "a {\n    # why\n}\n"),
        ("a;\nb;", "b;", "a;\n"),
        ("a; b;\nc;\n", "b;", "a;\nc;\n"),
    ],
)
def test_what_is_taken_out(text: str, gone: str, left: str) -> None:
    at = text.index(gone)
    edit = without(Source("p.cell", text), Span("p.cell", at, at + len(gone)))
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == left
