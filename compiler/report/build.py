"""Puts together what the page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree

from compiler.analysis.exposure import Exposure, exposures
from compiler.analysis.query import Query
from compiler.diagnostics import Diagnostic
from compiler.driver import Compilation, Program
from compiler.graph.graph import KINDS, Graph, largest
from compiler.graph.relations import graph_of, influence, rights, title_of, with_hubs
from compiler.graph.svg import drawing
from compiler.ir.ir import HOST_ROOT, IR
from compiler.ir.serialise import policy_hash
from compiler.ledger.ledger import make_ledger
from compiler.record import record
from compiler.report.checked import MOST_HOLES, assertions_of, findings_of, holes_of, tests_of
from compiler.report.places import Places
from compiler.report.powers import powers_of
from compiler.report.surroundings import (
    cells_of,
    grants_of,
    limits_of,
    ports_of,
    services_of,
    sysctls_of,
)
from compiler.report.view import Exposed, Page, Reach

#: A drawing with more nodes is no help.
MOST_NODES = 40
MOST_CAUSES = 12
#: More rows are not read, and a page of them is slow; `cellc graph` has no end.
MOST_REACHES = 400


@record
class Origin:
    """What the page says about what it was made by and of, besides the policy."""

    version: str
    """Version of cellc."""
    backends: tuple[str, ...]
    """Those that the ledger presumes."""
    titles: Mapping[str, str]
    """A few words for each code of a finding."""


def page_of(
    compilation: Compilation, program: Program, findings: Sequence[Diagnostic], origin: Origin
) -> Page:
    """Everything the page shows.

    Of errors, `compilation` has none but broken assertions; `findings` are those of lint.
    """
    ir = program.ir
    places = Places(program, compilation.sources)
    query = Query(program)
    groups = query.reader.groups
    exposed = exposures(ir, query.decisions)
    graph = _graph(query, ir, groups)
    drawn = largest(graph, MOST_NODES)
    ordered = graph_of(ir, "order", groups)
    entries = make_ledger(program, origin.backends)
    status = [entry.finding.status for entry in entries]
    holes = holes_of(entries, places)
    return Page(
        policy=ir.policy,
        target=ir.target,
        permissive=ir.permissive,
        policy_hash=policy_hash(ir),
        version=origin.version,
        securelevel="" if ir.host.securelevel is None else str(ir.host.securelevel),
        exposed=_exposed(exposed, groups),
        powers=powers_of(query, ir, [e.cell for e in exposed], places),
        grants=grants_of(program, places),
        drawing=_svg(drawn) if graph.arrows else "",
        undrawn=len(graph.nodes) - len(drawn.nodes),
        kinds=tuple((k, KINDS[k]) for k in KINDS if any(a.kind == k for a in graph.arrows)),
        reaches=_reaches(graph, places),
        reaches_more=max(0, len(graph.arrows) - MOST_REACHES),
        alone=graph.alone,
        ports=ports_of(program, places),
        cells=cells_of(program, query.stack.as_root, places),
        limits=limits_of(program, groups),
        services=services_of(program),
        order=_svg(ordered) if ordered.arrows and len(ordered.nodes) <= MOST_NODES else "",
        sysctls=sysctls_of(program, places),
        assertions=assertions_of(program, compilation.diagnostics, places),
        tests=tests_of(program, compilation.sources, places),
        statements=sum(word != "nothing to enforce" for word in status),
        enforced=status.count("enforced"),
        holes=holes[:MOST_HOLES],
        holes_more=max(0, len(holes) - MOST_HOLES),
        findings=findings_of(findings, origin.titles, places),
        sources=places.files(),
    )


def _graph(query: Query, ir: IR, groups: Mapping[str, Iterable[str]]) -> Graph:
    """Influence of every kind, and rights over processes that change nothing."""
    seen = (r for r in rights(query.decisions) if r.kind == "sees")
    relations = [*influence(query.decisions), *seen]
    title = f"Who can reach whom in {ir.policy}"
    return with_hubs(title, query.frame.subjects, relations, groups)


def _svg(graph: Graph) -> str:
    return ElementTree.tostring(drawing(graph), encoding="unicode")


def _reaches(graph: Graph, places: Places) -> tuple[Reach, ...]:
    rows = []
    for arrow in graph.arrows[:MOST_REACHES]:
        causes = [
            (cause.by, None if cause.rule is None else places.rule(cause.rule))
            for cause in arrow.causes
        ]
        same = arrow.source == arrow.target
        rows.append(
            Reach(
                graph.nodes[arrow.source].title,
                "each other" if same else graph.nodes[arrow.target].title,
                arrow.kind,
                KINDS[arrow.kind],
                tuple(causes[:MOST_CAUSES]),
                max(0, len(causes) - MOST_CAUSES),
            )
        )
    return tuple(rows)


def _exposed(rows: Iterable[Exposure], groups: Mapping[str, Iterable[str]]) -> tuple[Exposed, ...]:
    """Neighbours in the ranking that differ in nothing but their names share a row."""
    titles = {frozenset(cells): name for name, cells in groups.items()}
    alike: dict[tuple[object, ...], list[Exposure]] = {}
    for row in rows:
        reaches = tuple(name for name in row.reaches if name != HOST_ROOT)
        whom = reaches if len(reaches) <= 8 else len(reaches)
        key = (row.host_root, whom, row.powers, row.granted, row.works, row.as_root)
        alike.setdefault(key, []).append(row)
    made = []
    for some in alike.values():
        first = some[0]
        names = sorted(row.cell for row in some)
        made.append(
            Exposed(
                title_of(names, titles),
                tuple(names),
                first.host_root,
                tuple(name for name in first.reaches if name != HOST_ROOT),
                first.powers,
                first.granted,
                first.works,
                first.as_root,
            )
        )
    return tuple(made)
