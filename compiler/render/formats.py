"""The table of formats for programs: a new one is a module and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.render.report import Report

#: Each a module with a function `render` from a report to text; what each is for.
FORMATS = {
    "compact": "one line a finding, as compilers print them",
    "json": "one JSON object a line and finding",
    "sarif": "SARIF 2.1.0, for code scanning",
    "junit": "JUnit's XML, findings as failed tests",
    "github": "workflow commands that annotate a pull request on GitHub",
    "gitlab": "a report of code quality for GitLab",
    "checkstyle": "Checkstyle's XML",
}
_MODULES = {"json": "jsonlines"}


def rendered(format: str, report: Report) -> str:
    """The report in one of FORMATS, ending with a newline unless it is empty."""
    module = import_module(f"compiler.render.{_MODULES.get(format, format)}")
    text: str = module.render(report)
    return text
