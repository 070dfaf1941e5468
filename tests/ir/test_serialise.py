"""Reading an IR back: all of it, or ValueError."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.ir.ir import IR
from compiler.ir.serialise import from_json, policy_hash, to_json
from tests.ir.support import EVERYTHING, NAMES, document, text
from tests.semantics.support import program


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(name: str) -> None:
    assert to_json(from_json(text(name))) == text(name)


def test_round_trip_of_the_value() -> None:
    ir = program(EVERYTHING).ir
    assert from_json(to_json(ir)) == ir


def test_hash_is_of_the_text() -> None:
    ir = program(EVERYTHING).ir
    other = program(EVERYTHING.replace("20", "21")).ir
    assert policy_hash(ir) == policy_hash(from_json(to_json(ir))) != policy_hash(other)


def rewritten(changed: dict[str, Any]) -> str:
    """A changed document in the layout of `to_json`, so that the layout is no reason to refuse."""
    rows = ("action_sets", "rules", "layers", "classes", "cells", "reservations", "retired")
    parts = []
    for key, value in changed.items():
        if key in rows and isinstance(value, list) and value:
            body = ",\n  ".join(map(json.dumps, value))
            parts.append(f' "{key}": [\n  {body}\n ]')
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def test_rewriting_changes_nothing() -> None:
    assert rewritten(document()) == text("everything")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rules", 0, "actions"), 10**6),
        (("rules", 0, "actions"), -1),
        (("cells", 0, "class_"), 99),
        (("cells", 0, "layers", 0), 99),
        (("cells", 0, "id"), 0),
        (("cells", 0, "id"), 2),
        (("cells", 0, "name"), "full"),
        (("layers", 0, "rules"), [-1]),
        (("reservations", 0, "cell"), "nobody"),
        (("reservations", 0, "rule"), 10**6),
        (("cells", 0, "owned", 0, "rule"), 10**6),
        (("action_sets", 0, 0), "system.nonsense"),
        (("target",), "12.0"),
        (("rules", 0, "final"), 0),
        (("rules", 0, "id"), "7"),
        (("unknown",), 1),
        (("version",), 2),
        (("version",), True),
        (("format",), "other"),
    ],
)
def test_refuses(path: tuple[str | int, ...], value: object) -> None:
    changed = document()
    parent = changed
    for step in path[:-1]:
        parent = parent[step]
    assert path == ("unknown",) or repr(parent[path[-1]]) != repr(value)
    parent[path[-1]] = value
    with pytest.raises(ValueError, match="this"):
        from_json(rewritten(changed))


@pytest.mark.parametrize(
    "other", ["", "[]", "null", "{}", '{"format": "cellc-ir"}', "[" * 100_000, "NaN", "\ud800"]
)
def test_refuses_other_texts(other: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(other)


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70000),
    st.sampled_from((2**32, 2**64, -(2**63), 0.5, float("nan"), float("inf"))),
    st.sampled_from(("", "self", "host", "deny", "full", "\ud800", "\0", "'", "10.1", "a.b", "/")),
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(("actions", "to", "rule", "id", "x")), inner, max_size=3),
    ),
    max_leaves=4,
)


def _mutate(changed: Any, pick: random.Random, value: object) -> None:
    """Puts a value at a place of the document, or removes or doubles what is there."""
    parent: Any = None
    node = changed
    key: Any = None
    while isinstance(node, dict | list) and node and (parent is None or pick.random() < 0.8):
        key = pick.choice(list(node) if isinstance(node, dict) else range(len(node)))
        parent, node = node, node[key]
    what = pick.random()
    if what < 0.2:
        del parent[key]
    elif what < 0.4 and isinstance(parent, list):
        parent.insert(key, node)
    else:
        parent[key] = value


@given(
    st.sampled_from(("everything", "generated 0", "generated 1")),
    st.lists(_values, min_size=1, max_size=3),
    st.randoms(use_true_random=False),
)
def test_mutated_documents(name: str, values: list[Any], pick: random.Random) -> None:
    changed = document(name)
    for value in values:
        if changed:
            _mutate(changed, pick, value)
    other = rewritten(changed)
    with contextlib.suppress(ValueError):
        assert to_json(from_json(other)) == other


@given(st.data())
def test_mutated_texts(data: st.DataObject) -> None:
    whole = text("everything")
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    piece = data.draw(st.one_of(st.text(max_size=8), st.sampled_from(('"', "}", "]", "[{", "0"))))
    other = whole[:start] + piece + whole[end:]
    with contextlib.suppress(ValueError):
        assert isinstance(from_json(other), IR)
