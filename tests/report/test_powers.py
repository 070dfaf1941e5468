"""The matrix says what the reference evaluator says, for every cell and action."""

from __future__ import annotations

import pytest

from compiler.analysis.query import Query
from compiler.catalogue.sysctl import direction
from compiler.driver import Program
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR, Request
from compiler.ir.requests import all_requests, catalogue
from compiler.report.places import Places
from compiler.report.powers import powers_of
from tests.semantics.generated import programs

GENERATED = [program for _, program in programs(6, first=100)]


def foreign(ir: IR, request: Request) -> bool:
    """Whether another cell listens on the port."""
    return request.port is not None and any(
        r.cell != request.subject
        and r.protocol == request.protocol
        and any(low <= request.port <= high for low, high in r.ports)
        for r in ir.reservations
    )


def expected(ir: IR) -> dict[tuple[str, str], str]:
    """The letter of each cell and action."""
    leaves = {leaf.name: leaf for leaf in catalogue(ir).leaves}
    reference = Evaluator(ir)
    own: dict[tuple[str, str], set[str]] = {}
    others: dict[tuple[str, str], set[str]] = {}
    cells = {cell.name for cell in ir.cells}
    for request in all_requests(ir):
        leaf = leaves[request.action]
        if request.subject in cells and leaf.asked and not foreign(ir, request):
            to_itself = request.target == request.subject
            found = (own if to_itself else others).setdefault((request.subject, leaf.action), set())
            found.add(reference.decide(request).effect)
    letters = {}
    for key in own.keys() | others.keys():
        effects = own.get(key, set()) | others.get(key, set())
        if len(effects) == 1:
            letters[key] = {"deny": "-", "allow": "A", "grant": "G"}[min(effects)]
        elif (own.get(key), others.get(key)) == ({"allow"}, {"deny"}):
            letters[key] = "O"
        else:
            letters[key] = "g" if "grant" in effects else "M"
    return letters


@pytest.mark.parametrize("program", GENERATED, ids=range(len(GENERATED)))
def test_letters_are_those_of_the_reference(program: Program) -> None:
    ir = program.ir
    query = Query(program)
    places = Places(program, program.definitions.sources)
    powers = powers_of(query, ir, [cell.name for cell in ir.cells], places)
    found = {
        (cell, column.name): state.letter
        for scope in powers.scopes
        for row in scope.rows
        for column, state in zip(scope.columns, row.states, strict=True)
        for cell in powers.groups[row.group].cells
    }
    assert found == expected(ir)
    assert powers.unshown == ()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("security.pax.aslr.enabled", "0", "weaker"),
        ("security.pax.aslr.enabled", "1", "equal"),
        ("security.models.extensions.curtain", "1", "stronger"),
        ("security.models.bsd44.curtain", "0", "equal"),
        ("kern.maxvnodes", "100000", None),
        ("no.such.node", "1", None),
    ],
)
def test_settings_are_compared_with_the_kernels_own(
    name: str, value: str, expected: str | None
) -> None:
    assert direction(name, value) == expected
