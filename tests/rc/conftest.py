"""Fixtures of the rc tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rc.cells import minimal, policy
from tests.rc.compiling import compile_programs, compile_stubs
from tests.rc.fake_kernel import Kernel
from tests.rc.install_site import Site
from tests.rc.support import RC_SUBR, Host


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A directory with the programs of a host in a directory, and its rc.subr."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    directory = tmp_path_factory.mktemp("stubs")
    compile_stubs(directory)
    shutil.copy(pytestconfig.getoption("--rc-subr") or RC_SUBR, directory / "rc.subr")
    return directory


@pytest.fixture
def host(tmp_path: Path, stubs: Path) -> Iterator[Host]:
    host = Host(tmp_path.resolve() / "host", stubs)
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


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path.resolve())


@pytest.fixture
def old(site: Site) -> Path:
    return site.build("old", policy(minimal("web"), minimal("gone")))


@pytest.fixture
def new(site: Site) -> Path:
    return site.build("new", policy(minimal("web", user="www"), minimal("added")))


@pytest.fixture
def small(site: Site) -> tuple[Path, Path]:
    """Two builds of few files, to be installed often."""
    before, after = policy(minimal("gone")), policy(minimal("added"))
    return site.build("small-old", before, True), site.build("small-new", after, True)
