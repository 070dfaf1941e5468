"""Plain rules make the same tree whichever way they are read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.syntax import tree as t
from compiler.syntax.parse import _parser
from compiler.syntax.shortcut import plain_rule
from tests.semantics.generated import text as generated
from tests.strategies.policies import syntactic_policies

FILE = "file.cell"

PLAIN = [
    "deny system.module;",
    "allow system.mount.*;",
    "grant network.bind.privport tcp port 80;",
    "deny network.bind udp;",
    "deny network.bind port 1..49151;",
    "allow process.signal to worker;",
    "allow process.signal to self;",
    "deny   system.time.*  ;",
]
ORDINARY = [
    "final deny system.module;",
    "deny system.{mount, module};",
    "allow process.signal to {a, b};",
    "deny network.bind port auto;",
    "deny network.bind port {1, 2};",
    "deny system.module # why\n;",
    "deny network.socket.open domain inet;",
]


def both(text: str) -> tuple[object, object]:
    """What the tables alone make of a text, and what they make with the shortcut."""
    _, machine, builder = _parser("policy")
    builder.file = FILE
    tables = machine.run(text)
    return tables, machine.run(text, shortcut=lambda text, at: plain_rule(text, at, file=FILE))


@pytest.mark.parametrize("rule", PLAIN + ORDINARY)
@pytest.mark.parametrize("before", ["", '@reason "x" ', "deny a.b;\n"])
def test_same_tree(rule: str, before: str) -> None:
    tables, quick = both(f"cell c {{ {before}{rule} }}")
    assert tables == quick
    assert tables[0]  # type: ignore[index]


@pytest.mark.parametrize("rule", PLAIN)
def test_plain_rules_are_read_quickly(rule: str) -> None:
    made = plain_rule(f"  {rule} more", 2, file=FILE)
    if "  ;" in rule:
        assert made is None  # a blank before the semicolon is rare
    else:
        assert made is not None
        assert made[1] == 2 + len(rule)
        assert isinstance(made[0].node, t.Rule)


@pytest.mark.parametrize("rule", ORDINARY)
def test_other_rules_are_left_alone(rule: str) -> None:
    assert plain_rule(rule, 0, file=FILE) is None


@given(syntactic_policies())
def test_same_tree_for_any_policy(text: str) -> None:
    tables, quick = both(text)
    assert tables == quick


@given(st.integers(0, 10**6))
def test_same_tree_for_generated_policies(seed: int) -> None:
    text = generated(seed)
    tables, quick = both(text)
    assert tables == quick
    damaged = list(text)
    damaged[random.Random(seed).randrange(len(damaged))] = ";"
    tables, quick = both("".join(damaged))
    assert tables == quick
