"""Findings for the tests of every format: simple ones, and any whatsoever."""

from __future__ import annotations

from hypothesis import strategies as st

from compiler.diagnostics import Diagnostic, Related
from compiler.source import Source, Span

FILES = ("p.cell", "a/b c:d#é.cell", "\ud800\x1b\n")


def source_of(text: str, name: str = "p.cell") -> Source:
    return Source(name, text)


def error_at(
    text: str, marked: str, *, help: str = "", related: tuple[Related, ...] = ()
) -> tuple[dict[str, Source], Diagnostic]:
    """A source and an error about the first `marked` in it."""
    start = text.index(marked)
    span = Span("p.cell", start, start + len(marked))
    found = Diagnostic("E0203", "error", "no such action", span, help, related)
    return {"p.cell": source_of(text)}, found


_texts = st.text(st.one_of(st.characters(), st.sampled_from("\n\r\t\x1b\u202e\ud800漢\u0301 ")))
_spans = st.builds(
    Span, st.sampled_from((*FILES, "missing")), st.integers(-5, 200), st.integers(-5, 200)
)
_related = st.lists(st.builds(Related, _spans, _texts), max_size=4).map(tuple)

DIAGNOSTICS = st.lists(
    st.builds(
        Diagnostic,
        st.sampled_from(("E0101", "E0203", "L1")),
        st.sampled_from(("error", "warning", "note")),
        _texts,
        st.none() | _spans,
        _texts,
        _related,
    ),
    max_size=4,
)

SOURCES = st.fixed_dictionaries({}, optional=dict.fromkeys(FILES, _texts)).map(
    lambda texts: {name: Source(name, text) for name, text in texts.items()}
)
