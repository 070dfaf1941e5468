from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

# A runner in the background may ignore these, and programs that are tested would too:
# what is ignored stays ignored in children, what is caught does not (execve(2)).
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Machines are shared: how long an example takes says nothing.
settings.register_profile("cellc", deadline=None)
settings.load_profile("cellc")

if TYPE_CHECKING:
    from compiler.driver import Program

#: Tests of generated policies come in so many parts, for as many processes.
PARTS = 8

Generated = Callable[[int], "Iterator[tuple[int, Program]]"]
"""Makes this part of so many policies, with their seeds."""


def pytest_configure(config: pytest.Config) -> None:
    """Keeps results of checks out of the cache of whoever runs the tests."""
    folder = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="cellc-tests-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--bless", action="store_true", help="rewrite expected files from what is printed now"
    )
    parser.addoption(
        "--policies",
        type=int,
        metavar="N",
        help="compare all ways to decide requests on N generated policies, not on a few",
    )
    parser.addoption(
        "--exhaustive", action="store_true", help="crash scripts at every step, not at a few"
    )
    parser.addoption(
        "--rc-subr", type=Path, metavar="FILE", help="run scripts with NetBSD's own rc.subr(8)"
    )


@pytest.fixture(params=range(PARTS), ids="part {}".format)
def generated(request: pytest.FixtureRequest) -> Generated:
    """Random policies, the same ones in every test; --policies says how many."""
    from tests.semantics.generated import programs

    wanted: int | None = request.config.getoption("--policies")

    def some(default: int) -> Iterator[tuple[int, Program]]:
        count = default if wanted is None else wanted
        return programs(-(-count // PARTS), first=request.param * 100_000)

    return some
