"""The fuzz targets on random inputs; tests/fuzz/front_end.py looks deeper, guided by coverage."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS
from tests.strategies.broken import any_text
from tests.strategies.policies import semantic_policies
from tests.strategies.tokens import KEYWORDS

_WORDS = re.compile(r"[A-Za-z0-9_-]+|\s+|.", re.DOTALL)
_ODD = (
    "",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "auto",
    "*",
    '"',
    '"\\u{0}"',
    "{}",
    "é",
    "\0",
)


@st.composite
def mutated(draw: DrawFn, texts: SearchStrategy[str]) -> str:
    """A text with some of its words replaced by others of it, by keywords, or by odd ones."""
    words = _WORDS.findall(draw(texts))
    for _ in range(draw(st.integers(1, 3)) if words else 0):
        place = draw(st.integers(0, len(words) - 1))
        others = (words[draw(st.integers(0, len(words) - 1))], *KEYWORDS, *_ODD)
        words[place] = draw(st.sampled_from(others))
    return "".join(words)


def examples(target: str) -> SearchStrategy[str]:
    return st.sampled_from([data.decode(errors="replace") for data in seeds(target)])


def run(target: str, text: str) -> None:
    TARGETS[target](text.encode(errors="surrogatepass"))


@given(mutated(semantic_policies()))
@settings(max_examples=80, deadline=None)
def test_mutated_policies(text: str) -> None:
    run("policy", text)


@given(mutated(examples("policy")))
@settings(max_examples=120, deadline=None)
def test_mutated_examples(text: str) -> None:
    run("policy", text)


@given(any_text)
@settings(max_examples=60, deadline=None)
def test_texts_behind_a_header(text: str) -> None:
    run("policy", f"policy p;\ntarget netbsd 10.1;\n{text}")


@pytest.mark.parametrize("target", sorted(TARGETS))
@given(data=st.binary(max_size=60))
@settings(max_examples=30, deadline=None)
def test_bytes(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", ["celladm", "fmt", "lock", "request"])
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_inputs(target: str, data: st.DataObject) -> None:
    run(target, data.draw(mutated(examples(target))))
