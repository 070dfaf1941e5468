"""Forks, exits, binds, denials and reloads from several threads under ThreadSanitizer."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.kmod.build import build
from backends.kmod.image import encode
from tests.kmod.build import THREADS, Builder
from tests.kmod.machine import session
from tests.semantics.support import program

CELLS, CAP, ROUNDS = 2, 9, 4000

_HOUSE = """
profile base extends low {{ deny system.module; {more} }}
cell a {{ profile base; listen tcp {a}; limits {{ processes {cap}; }} }}
cell b {{ profile base; listen tcp {b}; limits {{ processes {cap}; }} }}
"""


def test_storm_of_threads(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    assert pytestconfig.cache is not None
    builder = Builder(pytestconfig.cache.mkdir("kmod"), THREADS)
    houses = [
        program(_HOUSE.format(more=more, a=a, b=b, cap=CAP)).ir
        for more, a, b in (("", 8000, 8001), ("deny network.bind port 8004..8005;", 8001, 8002))
    ]
    for i, ir in enumerate(houses):
        (tmp_path / str(i)).write_bytes(encode(build(ir)))
    command = f"stress {ROUNDS} {CELLS} {CAP} {tmp_path / '0'} {tmp_path / '1'}"
    answers = session(builder.driver(houses[0]), command, "fini")
    denied, counted, told = map(int, answers[0].split())
    assert denied == counted == told
    assert denied > ROUNDS / 10
