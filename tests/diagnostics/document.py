"""Writes docs/diagnostics.md from the codes and their cases: `pytest tests/diagnostics --bless`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from compiler.codes import CODES
from compiler.codes.code import Code
from tests.diagnostics.cases import COMMAND, HERE, Case, folders

PAGE = HERE.parents[1] / "docs" / "diagnostics.md"

_AREAS = {
    "E01": "Syntax",
    "E02": "Files and names",
    "E03": "Values and annotations",
    "E04": "Actions and rules",
    "E05": "Settings",
    "E06": "Decisions and checks",
    "E07": "The lock file",
    "E08": "Configuration",
    "E10": "Upstream's celladm",
    "W08": "Remarks",
    "W10": "Remarks on upstream's celladm",
}
_HEAD = """\
# Diagnostics

Everything for which `cellc` refuses a policy, by code, and what it remarks on questions (W).
Policies that compile are judged by [rules of lint](rules.md), which have codes of their own.
Codes never change their meaning. How findings are printed for programs is described in
[diagnostics-format.md](diagnostics-format.md).

This page is made from `compiler/codes/` and the cases in `tests/diagnostics/`.
"""
_WIDTH = 92


def document() -> str:
    """The page."""
    by_code: dict[str, list[Case]] = {}
    for case in folders():
        by_code.setdefault(case.code, []).append(case)
    parts = [_HEAD, *_contents()]
    area = ""
    for code in CODES:
        if code.id[:3] != area:
            area = code.id[:3]
            parts.append(f"## {_AREAS[area]}\n")
        parts += _section(code, by_code.get(code.id, []))
    return "\n".join(parts)


def _contents() -> Iterator[str]:
    for area, title in _AREAS.items():
        codes = [code for code in CODES if code.id.startswith(area)]
        lines = (f"* [{c.id}](#{c.id.lower()}) {c.title}" for c in codes)
        yield f"**{title}**\n\n" + "\n".join(lines) + "\n"


def _section(code: Code, cases: list[Case]) -> Iterator[str]:
    yield f'### <a id="{code.id.lower()}"></a>{code.id}: {code.title}\n'
    yield "\n".join(textwrap.wrap(code.explanation, _WIDTH, break_on_hyphens=False)) + "\n"
    for case in cases:
        for path in case.policies:
            if case.policies[1:]:
                yield f"`{path.relative_to(case.path)}`:\n"
            yield f"```cell\n{path.read_text()}```\n"
        if case.setup:
            yield f"Before:\n\n```sh\n{case.setup}\n```\n"
        if case.command != COMMAND:
            yield f"`cellc {case.command}` says:\n"
        yield f"```\n{case.expected.read_text().rstrip()}\n```\n"
