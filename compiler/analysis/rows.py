"""Rows of the tables, and ids of rules: what a rule decides in the end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from compiler.analysis.boxes import meet
from compiler.analysis.decisions import Decided, Decisions
from compiler.ir.ir import IR
from compiler.pattern import pattern

#: A rule id alone, or a row of `rules[]` in cellpolicy_tables.c, which begins with one.
_ID = pattern(r"\{?\s*(?:0x)?([0-9a-f]{8})(?:\s*(?:,\s*[0-9a-fx]+\s*)*\}?,?)", re.IGNORECASE)


def row_id(text: str) -> int | None:
    """The rule id that a text is about, or None if it is none."""
    match = _ID.fullmatch(text.strip())
    return int(match[1], 16) if match else None


def indices(ir: IR, rule_id: int) -> list[int]:
    """The rules of this id: several only for a rule of a template about its parameters."""
    return [i for i, rule in enumerate(ir.rules) if rule.id == rule_id]


def decided_by(decisions: Decisions, rules: Sequence[int]) -> Iterator[Decided]:
    """What some rules decide; only what they could be about is looked at."""
    ir, frame = decisions.ir, decisions.frame
    actions = 0
    for rule in rules:
        for name in ir.action_sets[ir.rules[rule].requests.actions]:
            actions |= frame.leaf_bits[name]
    every = [
        box._replace(actions=box.actions & actions)
        for box in frame.everything()
        if box.actions & actions
    ]
    return (row for row in decisions.of(every) if row.rule in rules)


def beaten(decisions: Decisions, rows: Sequence[Decided]) -> list[int]:
    """The rules that match something of what others decide."""
    ir, frame = decisions.ir, decisions.frame
    winners = {row.rule for row in rows}
    holders: dict[int, int] = {}
    for cell in ir.cells:
        for layer in cell.layers:
            for rule in ir.layers[layer].rules:
                holders[rule] = holders.get(rule, 0) | frame.bits[cell.name]
    found = []
    for rule, subjects in sorted(holders.items()):
        if rule in winners:
            continue
        boxes = decisions.boxes(ir.rules[rule].requests, subjects)
        if any(meet(row.box, box) for row in rows for box in boxes):
            found.append(rule)
    return found
