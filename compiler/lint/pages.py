"""What is said about rules: the page of each, and lists of them, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.lint.rule import CATEGORIES, Keeps, Option, Rule

#: What examples begin with unless they say it themselves.
HEADER = "policy example;\ntarget netbsd 10.1;\n\n"

_KEEPS: Mapping[Keeps, str] = {
    "everything": "what is enforced stays the same",
    "decisions": "every decision stays the same, settings change",
    "weaker": "nothing is more allowed than before",
}


def policy_text(example: str) -> str:
    """An example as a whole policy."""
    return example if "policy " in example.split("\n", 1)[0] else HEADER + example


def page(rule: Rule) -> str:
    """Everything about one rule."""
    parts = [
        f"# {rule.code}: {rule.name}",
        f"{rule.title[0].upper()}{rule.title[1:]}.",
        "\n".join(_facts(rule)),
        f"## Why\n\n{rule.why}",
        f"## Bad\n\n{_example(rule.bad, rule.files)}",
        f"## Good\n\n{_example(rule.good, rule.files)}",
        f"## How to fix\n\n{rule.remedy[0].upper()}{rule.remedy[1:]}.",
    ]
    if rule.options:
        parts.append("## Options\n\n" + "\n".join(_option(rule, o) for o in rule.options))
    parts.append(f"## Ignore\n\n{_ignoring(rule)}")
    return "\n\n".join(parts) + "\n"


def _facts(rule: Rule) -> Iterable[str]:
    yield f"* Category: {rule.category}"
    yield f"* Severity: {rule.severity}"
    if rule.off:
        yield f"* Off unless selected: {rule.off}"
    if rule.fix is not None:
        yield f"* `cellc check --fix` repairs it: {_KEEPS[rule.fix]}"


def _example(example: str, files: Mapping[str, str]) -> str:
    others = (f"`{name}`:\n\n```cell\n{text}```\n\n" for name, text in files.items())
    return "".join(others) + f"```cell\n{example}```"


def _option(rule: Rule, option: Option) -> str:
    value = list(option.default) if isinstance(option.default, tuple) else option.default
    return f"* `{option.name}` (default `{value}`): {option.meaning}"


def _ignoring(rule: Rule) -> str:
    if not rule.ignorable:
        return "This rule cannot be ignored."
    return (
        f"`# cellc: ignore {rule.code} -- reason`, at the end of the line or above the statement."
    )


def listing(rules: Iterable[Rule]) -> str:
    """One line a rule: code, severity, whether it is on and has a fix, and title."""
    return "".join(
        f"{rule.code}  {rule.severity:8} {'off' if rule.off else '':4}"
        f"{'fix' if rule.fix else '':4} {rule.title}\n"
        for rule in rules
    )


def index(rules: Iterable[Rule]) -> str:
    """The page that leads to all others, a table for each category."""
    rules = list(rules)
    parts = [_INDEX]
    for letters, category in CATEGORIES.items():
        rows = [
            f"| [{r.code}](rules/{r.code}.md) | {r.name} | {r.title} | {r.severity}"
            f"{', off' if r.off else ''} | {'yes' if r.fix else ''} |"
            for r in rules
            if r.code.startswith(letters)
        ]
        head = "| code | name | objects to | severity | fix |\n| --- | --- | --- | --- | --- |"
        parts.append(f"## {category.capitalize()} ({letters})\n\n{head}\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


_INDEX = """\
# Rules of lint

What `cellc check` objects to in policies that compile. `cellc rule CODE` prints a page.
[lint.md](lint.md) tells how to choose rules, configure and ignore them.

This page and those of the rules are made from `compiler/lint/rules/`."""
