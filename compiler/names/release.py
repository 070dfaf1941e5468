"""The target release, and `when target` against it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence

from compiler.catalogue.actions import RELEASES
from compiler.diagnostics import Diagnostics, nearest, quoted
from compiler.pattern import pattern
from compiler.syntax import tree as t

_COMPARE: dict[str, Callable[[tuple[int, int], tuple[int, int]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_NUMBER = pattern(r"([0-9]{1,3})\.([0-9]{1,3})", re.ASCII)
_CURRENT = (1000, 0)


def _version(word: str) -> tuple[int, int] | None:
    """`current` is greater than every number."""
    if word == "current":
        return _CURRENT
    match = _NUMBER.fullmatch(word)
    return (int(match[1]), int(match[2])) if match else None


def check_target(value: t.Name | t.Number, found: Diagnostics) -> str | None:
    """The release that a `target netbsd` line names, or None and a diagnostic."""
    word = value.text if isinstance(value, t.Name) else value.raw
    if word in RELEASES:
        return word
    known = ", ".join(RELEASES[:-1]) + " and " + RELEASES[-1]
    same = [r for r in RELEASES if r.split(".")[0] == word.split(".")[0]]
    help = f"did you mean `{same[-1]}`?" if same else nearest(word, RELEASES)
    help = help or f"the known releases are {known}"
    found.error("E0212", f"no NetBSD release {quoted(word)} is known", value.span, help)
    return None


def check_guard(guard: t.Guard, found: Diagnostics) -> None:
    """Reports a version that `when target` cannot compare with."""
    word = guard.version.text if isinstance(guard.version, t.Name) else guard.version.raw
    if _version(word) is None:
        example = f"{word}.0" if word.isdecimal() and len(word) < 4 else "11.0"
        found.error(
            "E0213",
            f"{quoted(word)} is not a version",
            guard.version.span,
            f"write a version such as `{example}`, or `current`",
        )


def guard_for(releases: Sequence[str]) -> str:
    """The `when` that holds for some releases of RELEASES in a row."""
    comparison = "=="
    if len(releases) > 1 or releases[-1] == RELEASES[-1]:
        comparison = ">=" if releases[-1] == RELEASES[-1] else "<="
    version = releases[0] if comparison == ">=" else releases[-1]
    return f"`when target {comparison} {version} {{ ... }}`"


def holds(guard: t.Guard, target: str) -> bool:
    """Whether a `when target` condition holds for a release of RELEASES."""
    word = guard.version.text if isinstance(guard.version, t.Name) else guard.version.raw
    version, mine = _version(word), _version(target)
    return version is not None and mine is not None and _COMPARE[guard.comparison](mine, version)


def active(statements: Iterable[t.Statement], target: str) -> list[t.Statement]:
    """The statements that count for a target, those of true `when` blocks in their place."""
    found: list[t.Statement] = []
    for statement in statements:
        if statement.kind is not t.When:
            found.append(statement)
            continue
        when = statement.shared
        assert isinstance(when, t.When)
        if holds(when.guard, target):
            found += active(when.body, target)
    return found
