"""One request of each class of a subject gives every answer that all of its requests give."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from compiler.analysis.patterns import Patterns
from compiler.analysis.read import RequestReader
from compiler.checks.classes import Classes
from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.ir.decide import Decider
from compiler.ir.ir import HOST, Request
from compiler.source import Source
from tests.semantics.generated import programs

PATTERNS = (
    "any process.*",
    "any process.signal to self",
    "any process.* to host",
    "any process.ptrace to {host, c0}",
    "any network.bind",
    "any network.bind tcp",
    "any network.bind udp port {auto, 80, 8000..50000}",
    "any network.socket.open domain {inet, ns} type raw",
    "any network.socket.* protocol icmp",
    "any system.*",
)
POLICIES = 12

Answer = tuple[str, str | None, str, int | None]


def answers(program: Program, requests: Iterable[Request]) -> set[Answer]:
    """Action, protocol and decision; of ports that others own only that they are denied."""
    decider = Decider(program.ir)
    owners = {r.rule: r.cell for r in program.ir.reservations}
    found: set[Answer] = set()
    for request in requests:
        effect, rule = decider.decide(request)
        if rule is not None and owners.get(rule, request.subject) != request.subject:
            rule = None
        found.add((request.action, request.protocol, effect, rule))
    return found


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_answer_is_found(pattern: str) -> None:
    answered = 0
    for seed, program in programs(POLICIES):
        wanted = RequestReader(program).read(Source("<request>", pattern), Diagnostics())
        assert wanted is not None
        question = Classes(program.ir).question(wanted.rule)
        every = Patterns(program.ir)
        for subject in (*(cell.name for cell in program.ir.cells), HOST):
            asked = list(every.asked(wanted.rule, subject))
            some = list(question.of(subject))
            assert answers(program, some) == answers(program, asked), f"seed {seed}, {subject}"
            answered += len(some)
    assert answered
