"""docs/actions.md lists the catalogue."""

from __future__ import annotations

import pytest

from compiler.catalogue.actions import all_leaves
from tests.catalogue.document import PAGE, document


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    made = document()
    if request.config.getoption("--bless"):
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text("utf-8") == made


def test_every_leaf_has_a_row_of_six_cells() -> None:
    rows = [line for line in document().splitlines() if line.startswith("| `")]
    for leaf in all_leaves():
        (row,) = [line for line in rows if line.startswith(f"| `{leaf.name}` | ")][:1]
        assert row.replace("\\|", "").count(" | ") == 5, row
