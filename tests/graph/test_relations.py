"""Graphs hold every relation of a policy and no other, whatever cells share a node."""

from __future__ import annotations

import pytest

from compiler.analysis.decisions import Decisions
from compiler.analysis.influence import Influence
from compiler.analysis.read import RequestReader
from compiler.driver import Program
from compiler.graph.graph import Arrow, Cause, Graph, Node, largest
from compiler.graph.relations import graph_of
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST_ROOT
from compiler.ir.requests import all_requests, catalogue
from tests.semantics.generated import programs
from tests.semantics.support import compile_text, must

ROOTS = """\
policy roots;
target netbsd 10.1;
cell a { profile sealed; root "/cells/a"; }
cell b { profile sealed; root "/cells/b"; }
cell c { profile sealed; }
"""

GENERATED = [program for _, program in programs(8)]

SERVICES = """\
policy order;
target netbsd 10.1;
profile p extends confined { }
cell first { profile p; service { command "/bin/a"; require NETWORKING; } }
cell a { profile p; service { command "/bin/b"; require cell first; before LOGIN; } }
cell b { profile p; service { command "/bin/b"; require cell first; before LOGIN; } }
cell alone { profile p; service { command "/bin/c"; } }
cell idle { profile p; }
"""


def pairs(graph: Graph) -> set[tuple[str, str]]:
    """Who is related to whom, directly or by something that both share."""
    through: dict[int, list[int]] = {}
    for arrow in graph.arrows:
        if graph.nodes[arrow.target].kind == "shared":
            through.setdefault(arrow.target, []).append(arrow.source)
    arrows = [(a.source, a.target) for a in graph.arrows if a.target not in through]
    arrows += [(a, b) for ends in through.values() for a in ends for b in ends]
    return {
        (one, other)
        for source, target in arrows
        for one in graph.nodes[source].members
        for other in graph.nodes[target].members
        if one != other
    }


@pytest.mark.parametrize("program", GENERATED, ids=range(len(GENERATED)))
def test_rights_are_those_of_the_reference(program: Program) -> None:
    ir = program.ir
    reference = Evaluator(ir)
    crossing = {leaf.name for leaf in catalogue(ir).leaves if leaf.dimension == "target"}
    expected = {
        (request.subject, request.target)
        for request in all_requests(ir)
        if request.action in crossing
        and request.subject not in (HOST_ROOT, request.target)
        and reference.decide(request).effect != "deny"
    }
    assert pairs(graph_of(ir, "rights", RequestReader(program).groups)) == expected


@pytest.mark.parametrize("program", GENERATED, ids=range(len(GENERATED)))
def test_influence_is_all_that_is_direct(program: Program) -> None:
    ir = program.ir
    influence = Influence(Decisions(ir))
    names = [*(cell.name for cell in ir.cells), "host"]
    expected = {(name, other) for name in names for other in influence.direct(name)}
    graph = graph_of(ir, "influence", {})
    assert pairs(graph) == expected
    related = {name for pair in expected for name in pair}
    assert set(graph.alone) == {cell.name for cell in ir.cells} - related


def test_roots_keep_cells_apart_that_both_meet_one_without() -> None:
    program = must(compile_text(ROOTS))
    test_influence_is_all_that_is_direct(program)
    found = pairs(graph_of(program.ir, "influence", {}))
    assert {("a", "c"), ("c", "a"), ("b", "c"), ("c", "b")} <= found
    assert not {("a", "b"), ("b", "a")} & found


def test_the_order_of_services() -> None:
    graph = graph_of(must(compile_text(SERVICES)).ir, "order", {})
    assert [(node.title, node.kind) for node in graph.nodes] == [
        ("a, b", "cell"),
        ("first", "cell"),
        ("LOGIN", "rc"),
        ("NETWORKING", "rc"),
    ]
    arrows = {(graph.nodes[a.source].title, graph.nodes[a.target].title) for a in graph.arrows}
    assert arrows == {("NETWORKING", "first"), ("first", "a, b"), ("a, b", "LOGIN")}
    assert graph.alone == ("alone",)


def test_the_largest_part_keeps_what_has_most_arrows() -> None:
    nodes = tuple(Node(f"n{i}", f"c{i}", (f"c{i}",)) for i in range(5))
    arrows = tuple(Arrow(i, 0, "process", (Cause("x", "x"),)) for i in range(1, 5))
    part = largest(Graph("t", nodes, (*arrows, Arrow(2, 3, "files", ())), ()), 3)
    assert [node.title for node in part.nodes] == ["c0", "c2", "c3"]
    assert [(a.source, a.target) for a in part.arrows] == [(1, 0), (2, 0), (1, 2)]
    whole = Graph("t", nodes, arrows)
    assert largest(whole, 5) is whole
