"""Statements make the same tree whichever way they are read."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax import tables
from compiler.syntax import tree as t
from compiler.syntax.build import TreeBuilder
from compiler.syntax.known import Known
from compiler.syntax.machine import Machine
from compiler.syntax.parse import parse_policy
from compiler.syntax.reference import make_parser, tables_of_grammar
from tests.policies.site import POLICIES, REPOSITORY
from tests.semantics.generated import text as generated
from tests.strategies.policies import syntactic_policies
from tests.syntax.support import FILE

_MACHINE = Machine(tables.load(), "policy", TreeBuilder(FILE))
_LARK = make_parser("policy", TreeBuilder(FILE))


def known() -> Known:
    return Known(tables.load().lexis, FILE)


def next_known(memory: Known, text: str) -> t.Statement | None:
    """The statement at the start of a text, if it is known."""
    _, statement, offset = memory.read(text, 0, {}, None)
    assert offset == 0
    return statement


def lark(text: str) -> Any:
    """The statements that lark reads."""
    return _LARK.parse(text)


def both(text: str) -> tuple[object, object]:
    """What the tables alone make of a text, and what they make with known statements."""
    return _MACHINE.run(text), _MACHINE.run(text, known=known())


def test_the_tables_are_those_of_the_grammar(request: pytest.FixtureRequest) -> None:
    """`make bless` writes them anew."""
    made = tables_of_grammar()
    if request.config.getoption("bless"):
        path = REPOSITORY / "compiler" / "syntax" / "tables.json"
        path.write_text(tables.to_json(made))
        tables.load.cache_clear()
    assert tables.load() == made


#: One of each shape; the second and fourth are the first with other leaves.
ALIKE = [
    ("deny system.module;", "deny device.rnd_getpriv;"),
    ("final allow process.signal to {self, a};", "final allow process.trace to {self, b-c};"),
    ("listen tcp 80;", "listen tcp 0x1f;"),
    ("deny network.bind udp port {1, 2..3};", "deny network.bind udp port {65535, 10..20};"),
    ('root "/a" base "/b";', 'root "" base "\\"};#";'),
    ("limits { nofile 64; core 0; }", "limits { nofile 1G; core 64; }"),
    (
        'service { command "/bin/a" "a"; restart never backoff 1s..2s; }',
        'service { command "" "x y"; restart never backoff 500ms..1h; }',
    ),
    ("use t(1, x = {1, 2});", "use t-2(20, y = {3, 4});"),
]


@pytest.mark.parametrize(("first", "second"), ALIKE)
def test_a_shape_that_comes_often_is_read_at_once(first: str, second: str) -> None:
    memory = known()
    text = " ".join([first, "permissive;"] * 3)
    good, _ = _MACHINE.run(f"cell c {{ {text} }}", known=memory)
    assert good
    varied = [first.replace("64", str(n)) for n in range(3)]
    _MACHINE.run(" ".join([first, second, *varied]), known=memory)
    for words in (first, second):
        statement = next_known(memory, f"  {words} more")
        assert statement is not None
        assert statement.span.end == 2 + len(words)
        assert (statement,) == lark(f"  {words}")


def test_shapes_become_functions() -> None:
    """Else all of this would be slow, and the tests above would not notice."""
    memory = known()
    lines = [f"deny a.b port {n}; allow c{n}.d to e{n};" for n in range(4)]
    _MACHINE.run("\n".join(lines), known=memory)
    for new in ("deny x.y port 443;", "allow x.y to z;"):
        assert next_known(memory, new) is not None
    assert next_known(memory, "allow x.y to self;") is None
    assert next_known(memory, "deny x.y port auto;") is None


def test_the_same_text_shares_its_node() -> None:
    statements = parse_policy(
        Source(FILE, "cell a { deny x.y; } cell b { deny x.y; }"), Diagnostics()
    )
    first, second = (s.node.body[0] for s in statements if isinstance(s.node, t.Cell))
    assert first.shared is second.shared
    assert (first.span.start, second.span.start) == (9, 30)
    assert isinstance(second.node, t.Rule)
    assert second.node.action.span == second.span._replace(start=35, end=38)
    assert first != second


@pytest.mark.parametrize(
    "text",
    [
        "user 5; cell c { limits { user 5; } }",
        "permissive; cell c { service { command permissive; } permissive; }",
        "deny a.b; test \"x\" { deny a b.c; } deny a.b; @reason \"x\" deny a.b;",
        "deny a.b; # deny a.b;\ndeny a.b;",
        "import \"deny a.b;\"; deny a.b; import \"deny a.b;\";",
        "deny a.b; deny a.b deny a.b;",
        "limits { when target > 10.1 { core 0; } } limits { when target > 10.1 { core 0; } }",
    ],
)  # fmt: skip
def test_what_surrounds_a_known_text_counts(text: str) -> None:
    tables_alone, quick = both(text)
    assert tables_alone == quick


@given(syntactic_policies())
@settings(deadline=None)
def test_same_tree_for_any_policy(text: str) -> None:
    tables_alone, quick = both(f"{text}\n{text}")
    assert tables_alone == quick
    assert quick == (True, lark(f"{text}\n{text}"))


@given(st.integers(0, 10**6))
@settings(deadline=None)
def test_same_tree_for_generated_policies(seed: int) -> None:
    text = generated(seed)
    assert both(text)[0] == both(text)[1]
    damaged = list(text)
    damaged[random.Random(seed).randrange(len(damaged))] = ";"
    tables_alone, quick = both("".join(damaged))
    assert tables_alone == quick


@pytest.mark.parametrize("path", sorted(POLICIES.rglob("*.cell")), ids=lambda path: path.name)
def test_same_tree_for_real_policies(path: Path) -> None:
    text = path.read_text()
    tables_alone, quick = both(text)
    assert tables_alone == quick == (True, lark(text))


def test_moving_a_node_moves_all_of_it() -> None:
    text = 'service { @owner "x" command "/a"; require A cell b; log tag "x"; }'
    (here,), (there,) = lark(text), lark(" " * 7 + text)
    assert t.moved(here.node, 7) == there.node
