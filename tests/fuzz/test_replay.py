"""Everything that fuzzing starts from, kept, or once crashed on, goes through its target."""

from __future__ import annotations

import pytest

from tests.fuzz.minimise import branches, fewest
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


def test_the_corpus_is_small_and_of_every_target() -> None:
    files = [path for path in CORPUS.iterdir() if "-" in path.name]
    assert {path.name.partition("-")[0] for path in files} == set(TARGETS)
    assert sum(path.stat().st_size for path in files) < 200_000


def test_what_is_kept_takes_branches_that_others_do_not() -> None:
    target = TARGETS["lock"]
    inputs = [b"a 1\n", b"b 1\n", b"a 0\n"]
    target(b"")
    known = branches(target, b"a 1\n")
    assert fewest(target, known, inputs) == [b"a 0\n"]


def test_dictionary_holds_every_keyword() -> None:
    assert all(f'"{word}"\n' in dictionary() for word in KEYWORDS)
