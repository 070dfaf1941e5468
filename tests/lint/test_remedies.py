"""Remedies that spell out a rule, followed to the letter."""

from __future__ import annotations

import re

import pytest

from compiler.lint.registry import all_rules
from tests.lint.support import checked

_SPELT_OUT = re.compile(r"add `([^`]+;)` to the cell")


@pytest.mark.parametrize("code", ["COR004", "COR016"])
def test_the_finding_goes_and_no_warning_comes(code: str) -> None:
    bad = all_rules()[code].bad
    (help,) = [d.help for d in checked(bad).diagnostics if d.code == code]
    (rule,) = _SPELT_OUT.findall(help)
    after = checked(bad.replace("listen", f"{rule}\n    listen", 1))
    assert {d.severity for d in after.diagnostics} <= {"note"}, after.diagnostics
