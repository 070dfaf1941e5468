"""Everything that fuzzing starts from, kept, or once crashed on, goes through its target."""

from __future__ import annotations

import pytest

from tests.fuzz.seeds import CORPUS, CRASHES, dictionary, seeds
from tests.fuzz.targets import TARGETS
from tests.strategies.tokens import KEYWORDS


@pytest.mark.parametrize("target", TARGETS)
def test_seeds(target: str) -> None:
    run = TARGETS[target]
    inputs = list(seeds(target))
    assert inputs
    for data in inputs:
        run(data)


def test_every_file_has_a_target() -> None:
    names = [p.name for folder in (CORPUS, CRASHES) for p in folder.iterdir() if "-" in p.name]
    assert {name.partition("-")[0] for name in names} <= set(TARGETS)


def test_dictionary_holds_every_keyword() -> None:
    assert all(f'"{word}"\n' in dictionary() for word in KEYWORDS)
