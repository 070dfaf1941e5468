"""Rules at odds are found exactly where trying every request finds them."""

from __future__ import annotations

import itertools

from compiler.driver import Compilation
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR, Cell, Request
from compiler.ir.requests import matches, requests
from tests.semantics.generated import text
from tests.semantics.support import compile_text

AT_ODDS = {"E0601", "E0602"}
OTHERWISE_THAN_FINAL = {"E0603"}


def codes(compilation: Compilation) -> set[str]:
    return {d.code for d in compilation.diagnostics if d.severity == "error"}


def unbeaten(reference: Evaluator, ir: IR, cell: Cell, layer: int, request: Request) -> list[int]:
    """The explicit rules of a layer that match and are not beaten, by comparing whole sets."""
    indices = ir.layers[layer].rules
    explicit = [
        i for i in indices if not ir.rules[i].listen and matches(ir, ir.rules[i].requests, request)
    ]
    extents = {i: reference.extent(i, cell) for i in explicit}
    return [i for i in explicit if not any(extents[j] < extents[i] for j in explicit)]


def brute_force(ir: IR) -> tuple[bool, bool]:
    """Whether rules of a layer disagree somewhere, and whether a final rule is overridden."""
    reference = Evaluator(ir)
    at_odds = overridden = False
    for cell in ir.cells:
        for request in requests(ir, cell.name):
            finals: set[str] = set()
            for layer in cell.layers:
                rules = [ir.rules[i] for i in unbeaten(reference, ir, cell, layer, request)]
                effects = {rule.effect for rule in rules}
                at_odds |= len(effects) > 1
                if not rules and any(
                    ir.rules[i].listen and matches(ir, ir.rules[i].requests, request)
                    for i in ir.layers[layer].rules
                ):
                    effects = {"allow"}
                overridden |= any(f != e for f, e in itertools.product(finals, effects))
                finals |= {rule.effect for rule in rules if rule.final}
    return at_odds, overridden


def everything_is_used(ir: IR, source: str) -> bool:
    """Unused profiles are checked as well, which looking at the cells cannot show."""
    return "profile q;" in source and "use t(" in source


def test_problems_are_found_where_they_are() -> None:
    seen: set[tuple[bool, bool]] = set()
    checked = 0
    for seed in range(400):
        source = text(seed)
        compilation = compile_text(source)
        program = compilation.program
        found = codes(compilation)
        if program is None or not found <= AT_ODDS | OTHERWISE_THAN_FINAL:
            continue
        if not everything_is_used(program.ir, source):
            continue
        expected = brute_force(program.ir)
        got = (bool(found & AT_ODDS), bool(found & OTHERWISE_THAN_FINAL))
        assert got == expected, f"seed {seed}: {found}"
        seen.add(expected)
        checked += 1
    assert checked > 40
    assert {(False, False), (True, False), (False, True)} <= seen
