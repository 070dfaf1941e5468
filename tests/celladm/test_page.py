"""The page on celladm: its table of losses is the real one."""

from __future__ import annotations

import re

import pytest

from backends.celladm.losses import STRICTER, WEAKER
from tests.policies.site import REPOSITORY

PAGE = REPOSITORY / "docs" / "celladm.md"
_TABLE = re.compile(r"(?<=<!-- losses -->\n).*(?=<!-- /losses -->)", re.DOTALL)


def table() -> str:
    rows = [(name, "lets more through", what) for name, what in WEAKER.items()]
    rows += [(name, "refuses more, or differs", what) for name, what in STRICTER.items()]
    lines = "".join(f"| `{name}` | {how} | {what} |\n" for name, how, what in rows)
    return f"| loss | | |\n| --- | --- | --- |\n{lines}"


def test_the_losses_are_complete(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--bless"):
        PAGE.write_text(_TABLE.sub(lambda _: table(), PAGE.read_text()))
    found = _TABLE.search(PAGE.read_text())
    assert found is not None
    assert found[0] == table(), "run `make bless`"
