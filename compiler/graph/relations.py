"""The relations of a policy as graphs; cells with the same relations share a node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from compiler.analysis.decisions import Decisions
from compiler.analysis.edges import by_kind
from compiler.analysis.frame import OWN
from compiler.graph.graph import Arrow, Cause, Graph, Kind, Node
from compiler.ir.ir import HOST, HOST_ROOT, IR, Provider
from compiler.lowering.space import members
from compiler.record import NamedTuple

What = Literal["influence", "rights", "order"]
Groups = Mapping[str, Iterable[str]]

_LONGEST = 28


class Special(NamedTuple):
    """Something that shares its node with nothing else."""

    title: str
    kind: Literal["host", "rc", "shared"]


HOSTS = {HOST: Special("host", "host"), HOST_ROOT: Special("root on the host", "host")}


class Relation(NamedTuple):
    """Each of some subjects (bits of a frame) is related to each of some others."""

    sources: int
    targets: int
    kind: Kind
    cause: Cause


def graph_of(ir: IR, what: What, groups: Groups, decisions: Decisions | None = None) -> Graph:
    """What `cellc graph --what` shows; `groups` lends its names to nodes."""
    if what == "order":
        return _in_order(f"The order in which {ir.policy} starts", ir, groups)
    decisions = decisions or Decisions(ir)
    if what == "influence":
        return with_hubs(
            f"Who can influence whom in {ir.policy}",
            decisions.frame.subjects,
            influence(decisions),
            groups,
        )
    title = f"Rights over processes in {ir.policy}"
    return condensed(title, decisions.frame.subjects, rights(decisions), groups, HOSTS)


def influence(decisions: Decisions) -> Iterator[Relation]:
    """Direct influence of every kind; that root on the host may do anything is left out."""
    for kind, edges in by_kind(decisions).items():
        for edge in edges:
            yield Relation(
                edge.sources, edge.targets, kind, Cause(edge.by, _short(kind, edge.by), edge.rule)
            )


def rights(decisions: Decisions) -> Iterator[Relation]:
    """Every process right that crosses a border, those that change nothing included."""
    frame = decisions.frame
    for box in frame.everything(frame.everybody & ~frame.root):
        actions = sum(
            frame.leaf_bits[leaf.name]
            for leaf in frame.leaves
            if leaf.dimension == "target"
            and leaf.asked
            and frame.leaf_bits[leaf.name] & box.actions
        )
        if not actions:
            continue
        for row in decisions.of(box._replace(actions=actions)):
            targets = row.box.targets & ~OWN
            if row.effect == "deny" or not targets:
                continue
            for i in members(row.box.actions):
                leaf = frame.leaves[i]
                kind: Kind = "process" if leaf.influence else "sees"
                cause = Cause(leaf.name, _short(kind, leaf.name), row.rule)
                yield Relation(row.box.subjects, targets, kind, cause)


def with_hubs(
    title: str, subjects: Sequence[str], relations: Iterable[Relation], groups: Groups
) -> Graph:
    """Where everybody of a set is related to everybody else of it, all are to what they share."""
    shared: dict[int, dict[Relation, None]] = {}
    kept = []
    for relation in relations:
        if relation.sources == relation.targets and relation.sources.bit_count() > 2:
            shared.setdefault(relation.sources, {})[relation] = None
        else:
            kept.append(relation)
    names = list(subjects)
    special = dict(HOSTS)
    for alike in shared.values():
        name = f"shared {len(names)}"
        what = ", ".join(dict.fromkeys(relation.cause.short for relation in alike))
        special[name] = Special(what, "shared")
        kept += [relation._replace(targets=1 << len(names)) for relation in alike]
        names.append(name)
    return condensed(title, names, kept, groups, special)


def _short(kind: Kind, by: str) -> str:
    if kind in ("process", "sees"):
        return by.removeprefix("process.")
    if kind in ("ipc", "powers"):
        return by.partition(":")[0].removeprefix("system.")
    return {"files": "files", "ports": "port", "hooks": "hook"}[kind]


def condensed(
    title: str,
    names: Sequence[str],
    relations: Iterable[Relation],
    groups: Groups,
    special: Mapping[str, Special],
) -> Graph:
    """One node for all cells that no relation tells apart; bit n of a relation is `names[n]`."""
    listed = [r for r in relations if r.sources and r.targets]
    told: dict[int, list[int]] = {}
    for number, relation in enumerate(listed):
        for i in members(relation.sources):
            told.setdefault(i, []).append(2 * number)
        for i in members(relation.targets):
            told.setdefault(i, []).append(2 * number + 1)
    alike: dict[tuple[object, ...], list[int]] = {}
    for i, name in enumerate(names):
        if i in told:
            alike.setdefault((name if name in special else "", *told[i]), []).append(i)
    blocks = sorted(alike.values())
    arrows = _arrows(listed, blocks)
    related = {n for source, target, _ in arrows for n in (source, target)}
    place = {old: new for new, old in enumerate(sorted(related))}
    called = {frozenset(cells): name for name, cells in reversed(list(groups.items()))}
    nodes = tuple(_node(place[n], [names[i] for i in blocks[n]], called, special) for n in place)
    shown = {name for node in nodes for name in node.members}
    alone = tuple(n for n in names if n and n not in special and n not in shown)
    made = tuple(
        Arrow(place[source], place[target], kind, tuple(dict.fromkeys(causes)))
        for (source, target, kind), causes in arrows.items()
    )
    return Graph(title, nodes, made, alone)


def _arrows(
    relations: Iterable[Relation], blocks: list[list[int]]
) -> dict[tuple[int, int, Kind], list[Cause]]:
    """Arrows between blocks of subjects, of which each relation holds all or none."""
    block_of = {i: n for n, block in enumerate(blocks) for i in block}
    found: dict[tuple[int, int, Kind], list[Cause]] = {}
    for relation in relations:
        sources = sorted({block_of[i] for i in members(relation.sources)})
        targets = sorted({block_of[i] for i in members(relation.targets)})
        for source in sources:
            for target in targets:
                if source != target or len(blocks[source]) > 1:
                    key = (source, target, relation.kind)
                    found.setdefault(key, []).append(relation.cause)
    return dict(sorted(found.items(), key=lambda item: item[0]))


def _node(
    number: int,
    names: list[str],
    groups: Mapping[frozenset[str], str],
    special: Mapping[str, Special],
) -> Node:
    known = special.get(names[0])
    if known is not None:
        return Node(f"n{number}", known.title, tuple(names), known.kind)
    return Node(f"n{number}", title_of(names, groups), tuple(names))


def title_of(cells: list[str], groups: Mapping[frozenset[str], str]) -> str:
    """Some cells in a few words: all names, their group, or the first and how many more."""
    listed = ", ".join(cells)
    if len(listed) <= _LONGEST:
        return listed
    group = groups.get(frozenset(cells))
    if group is not None:
        return group
    return cells[0] if len(cells) == 1 else f"{cells[0]} and {len(cells) - 1} more"


def _in_order(title: str, ir: IR, groups: Groups) -> Graph:
    """Services, and what rcorder(8) starts before and after them."""
    serving = [cell for cell in ir.cells if cell.service is not None]
    names = [cell.name for cell in serving]
    special: dict[str, Special] = {}
    bits = {name: 1 << i for i, name in enumerate(names)}

    def bit(provider: Provider) -> int:
        name = provider.name if provider.kind == "cell" else f"rc {provider.name}"
        if name not in bits:
            bits[name] = 1 << len(names)
            names.append(name)
            if provider.kind == "rc":
                special[name] = Special(provider.name, "rc")
        return bits[name]

    earlier: dict[int, int] = {}
    later: dict[int, int] = {}
    for cell in serving:
        assert cell.service is not None
        for provider in cell.service.require:
            earlier[bit(provider)] = earlier.get(bit(provider), 0) | bits[cell.name]
        for provider in cell.service.before:
            later[bit(provider)] = later.get(bit(provider), 0) | bits[cell.name]
    required, before = Cause("required", "require"), Cause("before it", "before")
    relations = [Relation(first, cells, "order", required) for first, cells in earlier.items()]
    relations += [Relation(cells, last, "order", before) for last, cells in later.items()]
    return condensed(title, names, relations, groups, special)
