"""The parser's tables, as lark computes them from the grammar and tables.json keeps them.

Computing them takes longer than compiling most policies, and needs lark.  `make bless`
writes them anew when the grammar has changed; a test holds that they are up to date.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.record import NamedTuple
from compiler.syntax.lexer import Lexis

#: The rules of the grammar that a text can be read as.
STARTS = ("policy", "request")


class Reduction(NamedTuple):
    """What becomes of the children of a rule."""

    rule: str
    size: int
    """Children on the stack."""
    made_by: str
    """The method of the tree builder; "" if the children go to the rule around it."""
    single: bool
    """Whether an only child stands for the whole."""
    inner: tuple[int, ...]
    """Children that are lists of children."""
    absent: tuple[int, ...]
    """How many optional parts are missing before each child, and at the end; () if none is."""


class Start(NamedTuple):
    """The LALR automaton of one start rule."""

    first: int
    last: int
    """The state after the whole text."""
    actions: tuple[dict[str, int], ...]
    """By state and symbol: the next state, or -1 - n for the reduction n."""


class Tables(NamedTuple):
    lexis: Lexis
    reductions: tuple[Reduction, ...]
    starts: Mapping[str, Start]


@functools.cache
def load() -> Tables:
    """The tables in tables.json."""
    text = Path(__file__).with_name("tables.json").read_text("utf-8")
    return from_json(text)


def from_json(text: str) -> Tables:
    """The tables that `to_json` wrote."""
    document: Any = json.loads(text)
    starts = {}
    for name, start in document["starts"].items():
        rows = [dict(row) for row in start["rows"]]
        starts[name] = Start(start["first"], start["last"], tuple(rows[i] for i in start["states"]))
    reductions = tuple(
        Reduction(rule, size, made_by, single, tuple(inner), tuple(absent))
        for rule, size, made_by, single, inner, absent in document["reductions"]
    )
    return Tables(Lexis(**document["lexis"]), reductions, starts)


def to_json(tables: Tables) -> str:
    """One reduction or row of actions a line; equal rows stand once."""
    line = functools.partial(json.dumps, separators=(",", ":"))
    starts = []
    for name, start in tables.starts.items():
        rows = {line(row): None for row in start.actions}
        numbers = {row: i for i, row in enumerate(rows)}
        states = line([numbers[line(row)] for row in start.actions])
        head = f'"{name}": {{"first": {start.first}, "last": {start.last}, "states": {states},'
        starts.append(head + '\n"rows": [\n' + ",\n".join(rows) + "\n]}")
    reductions = ",\n".join(map(line, tables.reductions))
    return (
        f'{{"lexis": {json.dumps(tables.lexis._asdict())},\n'
        f'"reductions": [\n{reductions}\n],\n"starts": {{\n' + ",\n".join(starts) + "\n}}\n"
    )
