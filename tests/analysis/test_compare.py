"""The differences of two policies are what the reference evaluator says, request by request."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from compiler.analysis.boxes import meet, size
from compiler.analysis.compare import Comparison
from compiler.analysis.stack import Stack
from compiler.catalogue.actions import load
from compiler.catalogue.voters import Socket
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST, HOST_ROOT, IR, OTHER, Decision, Request
from compiler.ir.requests import Axes, leaf_requests, words_of_rules
from tests.semantics.generated import programs, text
from tests.semantics.support import compile_text, program

PAIRS = 12
_EFFECTS = ("deny", "allow", "grant")
_RESULTS = ("refused", "depends", "works")


class Side:
    """One policy as the reference has it, for cells that it lacks too."""

    def __init__(self, ir: IR) -> None:
        self.ir = ir
        self._evaluator = Evaluator(ir)
        self._stack = Stack(ir)
        self._words = words_of_rules(ir.rules)
        self._cells = {cell.name for cell in ir.cells}
        self.leaves = {leaf.name: leaf for leaf in load(ir.target).leaves}

    def answer(self, request: Request) -> tuple[str, int | None, str]:
        """Effect, id of the rule, outcome."""
        words = self._words
        protocol = request.socket_protocol
        named = request
        if request.domain is not None or protocol is not None:
            named = request._replace(
                domain=request.domain if request.domain in words.domains else OTHER,
                type=request.type if request.type in words.types else OTHER,
                socket_protocol=protocol if protocol in words.socket_protocols else OTHER,
            )
        decision = self._decide(named)
        rule = None if decision.rule is None else self.ir.rules[decision.rule].id
        leaf = self.leaves.get(request.action)
        is_root = request.subject in self._stack.as_root
        if leaf is None:
            leaf = {x.name: x for r in ("9.4", "11.0") for x in load(r).leaves}[request.action]
        socket = Socket(request.domain, request.type) if leaf.dimension == "socket" else Socket()
        outcome = self._stack.of_leaf(leaf, decision.effect, is_root, socket)
        return decision.effect, rule, outcome.result

    def _decide(self, request: Request) -> Decision:
        subject = request.subject
        known = subject in self._cells or subject in (HOST, HOST_ROOT)
        if known and request.action in self.leaves:
            return self._evaluator.decide(request)
        if request.port is not None:
            return self._evaluator.decide(request._replace(subject=HOST))
        own = HOST if subject == HOST_ROOT else subject
        crosses = subject != HOST_ROOT and request.target not in (None, own)
        return Decision("deny" if crosses else "allow", None)


def requests(old: IR, new: IR) -> Iterator[Request]:
    """Every class of requests that one of two policies tells apart and one kernel asks."""
    axes = Axes(rule.requests for ir in (old, new) for rule in ir.rules)
    names = sorted({cell.name for ir in (old, new) for cell in ir.cells})
    leaves = {leaf.name: leaf for ir in (old, new) for leaf in load(ir.target).leaves if leaf.asked}
    for subject in (*names, HOST, HOST_ROOT):
        for leaf in leaves.values():
            yield from leaf_requests(leaf, subject, [*names, HOST], axes)


def direction(before: tuple[str, int | None, str], after: tuple[str, int | None, str]) -> str:
    was, now = _EFFECTS.index(before[0]), _EFFECTS.index(after[0])
    if was == now:
        was, now = _RESULTS.index(before[2]), _RESULTS.index(after[2])
    return "moved" if was == now else "widened" if was < now else "narrowed"


def check(old: IR, new: IR, seen: set[str]) -> None:
    comparison = Comparison(old, new)
    found = comparison.differences()
    frame = comparison.frame
    by_leaf: dict[int, list[int]] = {}
    for number, difference in enumerate(found):
        actions = difference.box.actions
        while actions:
            by_leaf.setdefault(actions & -actions, []).append(number)
            actions &= actions - 1
    sides = Side(old), Side(new)
    cells = [{cell.name for cell in ir.cells} for ir in (old, new)]
    hit = set()
    # Outcomes tell sockets apart that no rule does: witnesses stand for them.
    shown = (frame.witness(difference.box) for difference in found)
    for request in (*requests(old, new), *shown):
        before, after = (side.answer(request) for side in sides)
        expected = None
        if before != after:
            expected = direction(before, after)
        both = {HOST, HOST_ROOT} | cells[0] & cells[1]
        if request.subject not in both:
            wanted = "narrowed" if request.subject in cells[0] else "widened"
            # Of a cell that is new, what comes of requests is no news unless the vote is.
            if expected != wanted or before[:2] == after[:2]:
                expected = None
        point = frame.point(request)
        mine = [n for n in by_leaf.get(point.actions, ()) if meet(found[n].box, point)]
        assert [found[n].direction for n in mine] == ([expected] if expected else []), (
            request,
            before,
            after,
        )
        for n in mine:
            d = found[n]
            rules = [None if a.rule is None else s.ir.rules[a.rule].id
                     for a, s in ((d.before, sides[0]), (d.after, sides[1]))]  # fmt: skip
            assert (d.before.effect, rules[0], d.before.result) == before
            assert (d.after.effect, rules[1], d.after.result) == after
            seen.add(d.direction)
        hit.update(mine)
    assert hit == set(range(len(found))), "a difference that no request shows"
    for d in found:
        assert size(d.box) > 0
        witness = frame.witness(d.box)
        assert meet(frame.point(witness), d.box)


def changed(seed: int, source: str) -> str:
    """A policy with some lines changed."""
    chosen = random.Random(seed)
    lines = source.splitlines()
    rules = [i for i, line in enumerate(lines) if "@reason" in line]
    for i in chosen.sample(rules, min(2, len(rules))):
        way = chosen.randrange(3)
        if way == 0:
            lines[i] = ""
        elif way == 1:
            lines[i] = re.sub(r" (deny|allow) ", lambda m: f" {_other(m[1])} ", lines[i], count=1)
        else:
            lines[i] = re.sub(r" (port|to|domain|type) [^;]*;", ";", lines[i])
    made = "\n".join(lines) + "\n"
    if chosen.random() < 0.4:
        made = made.replace('user "www"', 'user "root"', 1)
    if chosen.random() < 0.4:
        made += f"host {{ securelevel {chosen.randrange(3)}; }}\n"
    if chosen.random() < 0.3:
        made = re.sub(r"listen (tcp|udp) \d+;", "", made, count=1)
    if chosen.random() < 0.3:
        made += "cell c9 { profile low; grant network.bind.privport tcp port 7;"
        made += ' @reason "r" grant system.time.system; allow process.signal to c0; }\n'
    if chosen.random() < 0.2:
        made = re.sub(r"target netbsd \S+;", "target netbsd 11.0;", made)
    return made


def _other(effect: str) -> str:
    return "allow" if effect == "deny" else "deny"


def test_small_changes() -> None:
    seen: set[str] = set()
    done, seed = 0, 500
    while done < PAIRS:
        seed += 1
        old, new = compile_text(text(seed)), compile_text(changed(seed, text(seed)))
        if old.failed or new.failed:
            continue
        assert old.program
        assert new.program
        check(old.program.ir, new.program.ir, seen)
        done += 1
    assert seen == {"widened", "narrowed", "moved"}


@pytest.mark.parametrize("first", [700, 800])
def test_policies_that_share_little(first: int) -> None:
    (_, old), (_, new) = programs(2, first)
    check(old.ir, new.ir, set())


def test_a_policy_and_itself() -> None:
    for _, made in programs(3, 900):
        assert Comparison(made.ir, made.ir).differences() == []


def test_a_removed_cell_gives_its_port_to_others() -> None:
    common = "cell a { profile low; }\n"
    old = program(common + "cell b { profile low; listen tcp 8080; }\n").ir
    new = program(common).ir
    found = Comparison(old, new).differences()
    assert [d.direction for d in found] == ["widened"]
    assert found[0].after.rule is None or new.rules[found[0].after.rule].effect == "allow"
    assert found[0].requests == 2  # by a and by unprivileged processes of the host


def test_a_port_with_another_owner() -> None:
    cells = "cell a {{ profile low; {} }}\ncell b {{ profile low; {} }}\n"
    listen = "listen tcp 8080;"
    old, new = program(cells.format(listen, "")).ir, program(cells.format("", listen)).ir
    frame = Comparison(old, new).frame
    found = {
        (d.direction, frame.subject_names(d.box.subjects))
        for d in Comparison(old, new).differences()
    }
    assert found == {("widened", ("b",)), ("narrowed", ("a",)), ("moved", ("host",))}


def test_requests_are_counted_one_by_one() -> None:
    ir = program("cell a { profile low; }\ncell b { profile low; }\n").ir
    frame = Comparison(ir, ir).frame
    leaf = "process.signal"
    box = next(b for b in frame.everything() if b.actions & frame.leaf_bits[leaf])
    targets = ["a", "b", HOST]
    points = {
        frame.point(Request(subject, leaf, target)) for subject in ("a", "b") for target in targets
    }
    some = box._replace(actions=frame.leaf_bits[leaf], subjects=frame.subject_bits(("a", "b")))
    assert size(some) == len(points) == 6
