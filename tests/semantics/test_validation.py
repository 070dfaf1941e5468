"""Settings are made, or refused, as pydantic reads their types."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from compiler.diagnostics import Diagnostics
from compiler.model import settings
from compiler.model.settings import Service, Setting
from compiler.model.validate import Raw, build
from compiler.record import field_names
from compiler.source import Span

SPAN = Span("a.cell", 0, 9)
#: What any constraint is about, on both sides of it.
TEXTS = (
    *("", "/", "//", "//x", "/a", "/a/b", "/a/../b", "/dev", "/dev/null", "/var/", "a b", "/\n"),
    *("/" + "a" * 511, "/" + "ä" * 256, "/a" * 511, "/a" * 512, "x" * 32768, "x" * 32769),
    *("root", "www", "_x", "a$", "-x", "0", "00", "65536", "2147483647", "2147483648"),
    *("1", "30000", "30001", "9223372036854775806", "9223372036854775807", "1K", "8T", "1k", "٣"),
    *("unlimited", "-1", "2", "3", "0s", "1ms", "1s", "2h", "1d", "999999999s"),
    *("ro", "rw", "tcp", "udp", "nofile", "processes", "null", "zero", "pre-start", "always"),
    *("daemon", "notice", "err", "rc", "cell", "NETWORKING", "N" * 63, "N" * 64, "PATH", "P" * 256),
    *("0" * 64, "aB" * 32, "g" * 64, "tag", "t" * 64),
)
KINDS: list[Any] = [
    kind
    for kind in vars(settings).values()
    if isinstance(kind, type) and issubclass(kind, Setting) and kind not in (Setting, Service)
]


TUPLES = {"groups", "names", "argv"}
#: What the parser, or an earlier stage, makes of any text.
RIGHT: dict[str, tuple[object, ...]] = {"kind": ("rc", "cell"), "ports": (((1, 2), (80, 80)),)}


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Setting]:
    return TypeAdapter(kind)


@functools.cache
def _good(kind: Any, field: str) -> list[str]:
    """The texts that a field, or an item of it, can be."""
    return [text for text in TEXTS if _fits(kind, field, (text,) if field in TUPLES else text)]


def _fits(kind: Any, field: str, value: object) -> bool:
    """Whether pydantic takes a value for a field, whatever the others are."""
    try:
        _adapter(kind).validate_python({"span": SPAN, field: value})
    except ValidationError as problem:
        return all(error["loc"][0] != field for error in problem.errors())
    return True


def _raw(kind: Any, field: str) -> st.SearchStrategy[object]:
    """Raw values of a field, most of them good ones."""
    if field in RIGHT:
        return st.sampled_from(RIGHT[field])
    good = st.sampled_from(_good(kind, field))
    texts = good | good | st.sampled_from(TEXTS) | st.text(max_size=3)
    return st.lists(texts, min_size=1, max_size=3).map(tuple) if field in TUPLES else texts


@functools.cache
def _values(kind: Any) -> st.SearchStrategy[dict[str, object]]:
    raw = {field: _raw(kind, field) for field in field_names(kind)[1:]}
    optional = {field: raw.pop(field) for field in kind.__defaults__}
    return st.fixed_dictionaries(raw, optional=optional)


VALUES = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), _values(kind)))
Case = tuple[Any, dict[str, object]]


@given(VALUES)
@example((settings.Root, {"path": "/a/b", "base": "/a"}))
@example((settings.Root, {"path": "/bin", "base": "/bin"}))
@example((settings.Limit, {"name": "processes", "value": "unlimited"}))
@example((settings.Limit, {"name": "x", "value": "unlimited"}))
@example((settings.Restart, {"mode": "x", "backoff_min": "2s", "backoff_max": "1s"}))
@example((settings.Restart, {"mode": "always", "backoff_min": "1d", "backoff_max": "0s"}))
def test_settings_are_what_pydantic_makes_of_the_same_values(case: Case) -> None:
    kind, values = case
    found = Diagnostics()
    places = {n: [SPAN] * len(v) if isinstance(v, tuple) else SPAN for n, v in values.items()}
    made = build(kind, SPAN, {n: Raw(v, places[n]) for n, v in values.items()}, found)
    try:
        expected = _adapter(kind).validate_python({"span": SPAN, **values})
    except ValidationError as problem:
        codes = {error["ctx"]["error"].code for error in problem.errors()}
        assert (made, {finding.code for finding in found.sorted()}) == (None, codes)
    else:
        assert (made, len(found)) == (expected, 0)
        assert type(made) is type(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_good_values_are_tried_and_bad_ones(kind: Any) -> None:
    fields = [field for field in field_names(kind)[1:] if field not in RIGHT]
    counts = [len(_good(kind, field)) for field in fields]
    assert 0 not in counts
    assert min(counts) < len(TEXTS) or kind is settings.Sysctl  # which the catalogue checks
