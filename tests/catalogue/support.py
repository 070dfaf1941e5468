"""Catalogues that say something else than the data files."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

import pytest

from compiler.catalogue import sysctl
from compiler.catalogue.sysctl import Default


@contextlib.contextmanager
def earlier_default(node: str, value: str | None) -> Iterator[None]:
    """Another default of a node in 10.1 than is established, or none."""
    nodes = dict(sysctl.all_nodes())
    told = () if value is None else (Default("10.1", "10.1", value, "a test"),)
    nodes[node] = dataclasses.replace(nodes[node], earlier=told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sysctl, "all_nodes", lambda: nodes)
        sysctl.load.cache_clear()
        yield
    sysctl.load.cache_clear()
