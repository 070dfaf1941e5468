"""Checks policies that stand in the tests."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Mapping
from pathlib import Path

from compiler.driver import compile_policy
from compiler.lint.pages import HEADER
from compiler.lint.run import Report, lint
from compiler.lint.settings import Settings

TODAY = datetime.date(2026, 11, 24)


def checked(
    text: str,
    settings: Settings | None = None,
    *,
    files: Mapping[str, str] | None = None,
    header: str = HEADER,
) -> Report:
    """What is found about a policy, below a header unless it has one."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (files or {}).items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        path = Path(folder) / "policy.cell"
        path.write_text(header + text)
        return lint(compile_policy(path, TODAY), settings or Settings(), TODAY)


def codes(report: Report) -> list[str]:
    """The codes of all findings, in order."""
    return [diagnostic.code for diagnostic in report.diagnostics]
