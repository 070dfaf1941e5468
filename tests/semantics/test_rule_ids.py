"""Rule ids survive moving and formatting, and nothing else."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.driver import Program
from compiler.lowering.rule_ids import canonical, rule_ids
from compiler.model.policy import Body, Rule
from compiler.source import Source, Span
from tests.semantics.support import compile_text, must

HEADER = "policy moving;\ntarget netbsd 10.1;\n"
RULES = {
    "profile service extends confined": (
        "final deny system.module;",
        "deny network.bind tcp port {1..79, 81..442};",
        '@reason "why" @until 2027-06-30 grant network.bind.privport udp port {53, 67};',
        "deny system.{chroot, mknod};",
    ),
    "cell web": (
        "profile service;",
        "deny system.{chroot, mknod};",
        "listen tcp {80, 443};",
        "allow process.signal to {worker, self};",
        "deny network.socket.open domain {inet, inet6} type raw;",
    ),
    "cell worker": ("profile service;", "deny system.{chroot, mknod};"),
}


def written(order: random.Random | None = None, between: str = " ") -> str:
    """The policy with its statements in another order and `between` its words."""
    blocks = [(head, list(rules)) for head, rules in RULES.items()]
    if order is not None:
        order.shuffle(blocks)
        for _, rules in blocks:
            order.shuffle(rules)
    words = [f"{head} {{ {' '.join(rules)} }}" for head, rules in blocks]
    return HEADER + between.join(" ".join(words).replace(",", " , ").split())


def ids(program: Program) -> dict[int, tuple[str, str]]:
    """What each rule id stands for: where the rule stands, and its tokens."""
    texts = program.definitions.sources
    return {
        rule.id: (scope, canonical(texts[span.file].text[span.start : span.end]))
        for rule, scope, span in zip(program.ir.rules, program.scopes, program.spans, strict=True)
    }


EXPECTED = ids(must(compile_text(written())))


def test_every_rule_has_an_id_of_its_own() -> None:
    ours = [value for value in EXPECTED.values() if "(" not in value[0]]
    assert 0 not in EXPECTED
    assert len(set(EXPECTED.values())) == len(EXPECTED)
    assert ("cell worker", "deny system.{chroot,mknod};") in ours
    assert ("profile service", "deny system.{chroot,mknod};") in ours


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from((" ", "\n", "\t", " # } ;\n", "\n\n")))
def test_moving_and_formatting_change_no_id(order: random.Random, between: str) -> None:
    assert ids(must(compile_text(written(order, between)))) == EXPECTED


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("final deny system.module", "deny system.module", {"profile service"}),
        ("listen tcp {80", "listen tcp {81", {"cell web"}),
        ("worker", "drone", {"cell worker", "cell web"}),
        ('@reason "why"', '@reason "because"', set()),
        ("2027-06-30", "2028-06-30", set()),
    ],
)
def test_another_rule_has_another_id(old: str, new: str, changed: set[str]) -> None:
    other = ids(must(compile_text(written().replace(old, new))))
    assert {scope for _, (scope, _) in EXPECTED.items() - other.items()} == changed


def bodies(spans: Sequence[Span], scope: str) -> list[Body]:
    """A body for each place, with the one rule that stands there."""
    meaning: Any = None  # ids are made of texts
    return [Body("cell", "x", span, (Rule(meaning, scope, span),)) for span in spans]


def test_identical_rules_are_told_apart_by_their_order() -> None:
    text = "deny a;\ndeny b;\ndeny a;\n"
    spans = [Span("f", 0, 7), Span("f", 8, 15), Span("f", 16, 23)]
    sources = {"f": Source("f", text)}
    all_of_them = rule_ids(bodies(spans, "cell x"), sources).by_span
    assert len(set(all_of_them.values())) == 3
    without_last = rule_ids(bodies(spans[:2], "cell x"), sources).by_span
    assert without_last == {span: all_of_them[span] for span in spans[:2]}


def test_colliding_ids_are_salted_the_same_way_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Short:
        """A digest with eight values, 0 among them."""

        def __init__(self, data: bytes) -> None:
            self._value = hashlib.md5(data).digest()[0] % 8

        def digest(self) -> bytes:
            return bytes((0, 0, 0, self._value))

    monkeypatch.setattr("compiler.lowering.rule_ids.sha256", Short)
    lines = [f"deny a{i};" for i in range(7)]
    sources = {"f": Source("f", "".join(lines))}
    spans = [Span("f", 8 * i, 8 * i + 8) for i in range(7)]
    made = rule_ids(bodies(spans, "cell x"), sources).by_span
    assert sorted(made.values()) == [1, 2, 3, 4, 5, 6, 7]
    assert rule_ids(bodies(spans[::-1], "cell x"), sources).by_span == made
