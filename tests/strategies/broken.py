"""Texts that are no policies, or nearly."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.strategies import tokens
from tests.strategies.layout import laid_out

_MARKS = ("{", "}", "(", ")", ";", ",", "=", ":", "..", ".", ".{", ".*", "~>", ">=", "<", "==")
_ODD = ('"', '"x', '"\\', "@", "@x", "#", "$", "\0", "\r", "é", "1.", "-", "*", "a.b.", "\ufeff")

soup: SearchStrategy[str] = st.lists(
    st.one_of(
        st.sampled_from(tokens.KEYWORDS),
        st.sampled_from(_MARKS),
        st.sampled_from(_ODD),
        st.sampled_from((" ", "\n", "x", "80", '"x"', "system.module", "@reason", "web-*")),
    ),
    max_size=60,
).flatmap(lambda words: st.sampled_from((" ", "\n", "")).map(lambda space: space.join(words)))


@st.composite
def damaged(draw: DrawFn) -> str:
    """A policy with some pieces removed, doubled or replaced."""
    text = draw(laid_out(tokens.policy))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from((0, 1, 1, 2, 5, 30)))
        piece = draw(st.sampled_from(("", text[start:end] * 2, *_MARKS, *_ODD, *tokens.KEYWORDS)))
        text = text[:start] + piece + text[end:]
    return text


any_text: SearchStrategy[str] = st.one_of(st.text(max_size=60), soup, damaged())
