"""Every statement that the language has is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from compiler.catalogue.words import RLIMITS
from compiler.ledger.statements import KINDS, kind
from compiler.record import field_names
from compiler.syntax import tree as t
from tests.ledger.support import POLICIES, WHOLE, Build, build, shipped

STATUSES = {"enforced", "approximated", "not enforceable", "nothing to enforce"}


def builds() -> Iterator[Build]:
    yield build(WHOLE)
    yield from map(shipped, POLICIES)


def statements(value: Any) -> Iterator[t.Plain]:
    """Every statement in a tree, wherever it stands: found without knowing of blocks."""
    if isinstance(value, t.Statement):
        yield value.node
        yield from statements(value.node)
    elif isinstance(value, tuple):
        for part in value:
            yield from statements(part)
    else:
        for name in field_names(type(value)):
            yield from statements(getattr(value, name))


def test_every_node_that_is_a_statement_has_a_name() -> None:
    assert set(KINDS) == set(get_args(t.Plain))


def test_every_kind_of_statement_is_tried_here() -> None:
    seen = {type(entry.statement.node) for made in builds() for entry in made.entries}
    assert seen == set(get_args(t.Plain))


def test_every_word_for_a_setting_is_tried_here() -> None:
    made = build(WHOLE)
    words = {kind(entry.statement) for entry in made.entries}
    assert words >= {"command", "healthcheck", "require", "before", "policy", "target"}
    limits = {
        e.statement.node.name.text
        for e in made.nodes("limit")
        if isinstance(e.statement.node, t.Limit)
    }
    assert limits == {*RLIMITS, "processes"}
    moments = {
        e.statement.node.when.text
        for e in made.nodes("hook")
        if isinstance(e.statement.node, t.Hook)
    }
    assert moments == {"pre-start", "post-start", "pre-stop", "post-stop"}


@pytest.mark.parametrize("name", [*POLICIES, "whole"])
def test_every_statement_has_one_entry(name: str) -> None:
    made = build(WHOLE) if name == "whole" else shipped(name)
    written = [
        node for file in made.program.definitions.files for node in statements(file.statements)
    ]
    files = {file.source.name for file in made.program.definitions.files}
    listed = [
        entry.statement.node for entry in made.entries if entry.statement.node.span.file in files
    ]
    assert sorted(n.span for n in listed) == sorted(n.span for n in written)
    assert {type(node) for node in listed} == {type(node) for node in written}


@pytest.mark.parametrize("name", [*POLICIES, "whole"])
def test_rows_say_what_they_have_to(name: str) -> None:
    """A direction belongs to what is approximated, a reason to all but what is enforced."""
    made = build(WHOLE) if name == "whole" else shipped(name)
    assert len(made.rows) == len(made.entries)
    assert sum(made.ledger["count"].values()) == len(made.rows)
    for row in made.rows:
        status = row["status"]
        assert status in STATUSES
        assert ("direction" in row) == (status == "approximated")
        assert row.get("direction", "refuses more") in ("refuses more", "lets more through")
        assert ("why" in row) == (status != "enforced"), row
        assert bool(row["by"]) == (status in ("enforced", "approximated")), row
        source = made.program.definitions.sources[row["file"]]
        line = source.text.splitlines()[row["line"] - 1]
        first = row["text"].split()[0].rstrip("{;")
        assert line[row["column"] - 1 :].startswith(first), row


@pytest.mark.parametrize("name", [*POLICIES, "whole"])
def test_a_statement_that_counts_for_no_cell_asks_for_nothing(name: str) -> None:
    made = build(WHOLE) if name == "whole" else shipped(name)
    cellless = {"securelevel", "sysctl", "assert"}
    for row in made.rows:
        if not made.cells_of(row) and row["kind"] not in cellless:
            assert row["status"] == "nothing to enforce", row
