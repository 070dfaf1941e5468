"""Fixtures of the rc tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rc.compiling import compile_programs
from tests.rc.fake_kernel import Kernel
from tests.rc.support import Host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path.resolve() / "host")
    yield host
    host.close()


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with cellexec, sanitized, and the static program state."""
    directory = tmp_path_factory.mktemp("programs")
    compile_programs(directory)
    return directory


@pytest.fixture
def kernel(tmp_path: Path, programs: Path) -> Kernel:
    return Kernel(tmp_path, programs)
