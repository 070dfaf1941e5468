"""Strategies that write tokens as people do: white space and comments in any place."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.strategies.tokens import ABSENT, Tokens

_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-*")

Space = Callable[[str, str], str]


def needed(before: str, after: str) -> str:
    """A blank where two tokens would become one without."""
    return " " if before[-1:] in _WORD and after[0] in _WORD else ""


def _line_ends(before: str, after: str) -> str:
    return "\n" if before in (";", "{", "}") else " "


def _carriage_returns(before: str, after: str) -> str:
    return "\r\n" if before in (";", "{") else " "


SPACES: tuple[Space, ...] = (
    lambda before, after: " ",
    lambda before, after: "\n",
    needed,
    _line_ends,
    _carriage_returns,
)

comments: SearchStrategy[str] = st.one_of(
    st.sampled_from(("#", "# why", "#  };", '# "', "# \t ", "# a\r", "#\u00e9")),
    st.text(st.characters(exclude_categories=ABSENT), max_size=12).map("#".__add__),
)
_noise = st.one_of(
    st.sampled_from((" ", "\t", "\n", "\n\n", "\n\n\n", "\r\n", "    ")),
    st.tuples(st.sampled_from(("", " ", "  ", "\n", "\n\n", "\n    ")), comments).map(
        lambda pair: "".join(pair) + "\n"
    ),
)


@st.composite
def laid_out(draw: DrawFn, policies: SearchStrategy[Tokens]) -> str:
    """Tokens as text; up to a dozen places have odd white space or comments."""
    tokens = draw(policies)
    space = draw(st.sampled_from(SPACES))
    places = st.integers(0, len(tokens))
    odd: dict[int, str] = {}
    for place, noise in draw(st.lists(st.tuples(places, _noise), max_size=12)):
        odd[place] = odd.get(place, "") + noise
    text = odd.get(0, "")
    for n, token in enumerate(tokens):
        after = tokens[n + 1] if n + 1 < len(tokens) else "\n"
        text += token + space(token, after) + odd.get(n + 1, "")
    return draw(st.sampled_from((text, text.rstrip("\r\n"))))
