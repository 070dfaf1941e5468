"""Drivers of the kernel module, compiled once and kept between runs."""

from __future__ import annotations

import pytest

from tests.kmod.build import Builder


@pytest.fixture(scope="session")
def builder(pytestconfig: pytest.Config) -> Builder:
    assert pytestconfig.cache is not None
    return Builder(pytestconfig.cache.mkdir("kmod"))
