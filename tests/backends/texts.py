"""Texts that have broken quoting somewhere, and a strategy that mixes them."""

from __future__ import annotations

from hypothesis import strategies as st

FRAGMENTS = (
    *"'\"`\\$#%!*?~&|;<>(){}[]=:/-@+,.^ \t\n\r\v\f\0\x01\x1b\x7f\x80\x85\x9b",
    *(
        "é",
        "ß",
        "漢",
        "🦊",
        "\u200f",
        "\u2028",
        "\ufeff",
        "\u0301",
        "\ud800",
        "\udc80",
        "\U0010ffff",
    ),
    *("$(id)", "`id`", "${HOME}", "$$", "$1", "*/", "/*", "//", "??/", "??'", "???", "\\\n", "\\#"),
    *(
        "\\\\",
        "\\0",
        "\\x41",
        "\\'",
        "%s",
        "%n",
        "012",
        "abc",
        "REQUIRE: x",
        "PROVIDE:",
        "-n",
        "#!",
    ),
    *("${:U}", "\\u{41}", "';:;'", '";:;"', "EOF", "{{ x }}", "{% x %}", ".include", "!=", "?="),
)

TEXTS = st.one_of(
    st.text(st.characters()),
    st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join),
    st.integers(1, 10_000).flatmap(
        lambda size: st.sampled_from(FRAGMENTS).map(lambda part: (part * size)[:10_000])
    ),
)

#: Enough at once to make one run of a compiler worth it.
BATCHES = st.lists(TEXTS, min_size=1, max_size=80)

ALL_PAIRS = ["", *FRAGMENTS, *(a + b for a in FRAGMENTS for b in FRAGMENTS)]
