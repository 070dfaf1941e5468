from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.report.browser import Browser
from tests.report.support import report_of

Made = Callable[[str], Path]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("needs chromium")
    with Browser(program) as running:
        yield running


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Makes the page of a policy, once."""
    made: dict[str, Path] = {}

    def make(text: str) -> Path:
        if text not in made:
            folder = tmp_path_factory.mktemp("report")
            assert report_of(text, folder) == 0
            made[text] = folder / "out" / "index.html"
        return made[text]

    return make
