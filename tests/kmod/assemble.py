"""Policies for the tests of the tables: rules by layer to an IR, folded as the compiler does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from compiler.catalogue.actions import load
from compiler.ir import ir
from compiler.ir.requests import words_of
from compiler.lowering.fold import Folded, fold
from compiler.lowering.space import Space, Universe
from compiler.lowering.verdicts import verdicts


@dataclass(frozen=True)
class Draft:
    """A rule before it has a number: an effect, leaf names and conditions."""

    effect: ir.Effect
    actions: tuple[str, ...]
    to: ir.Peers | None = None
    protocols: tuple[str, ...] | None = None
    ports: ir.Ranges | None = None
    domains: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    socket_protocols: tuple[str, ...] | None = None
    listen: bool = False


@dataclass(frozen=True)
class DraftCell:
    """A cell before it is folded."""

    id: int
    own: tuple[Draft, ...] = ()
    profiles: tuple[str, ...] = ()
    permissive: bool = False
    processes: int | None = None
    limits: tuple[ir.Limit, ...] = ()


@dataclass(frozen=True)
class DraftPolicy:
    cells: Mapping[str, DraftCell]
    profiles: Mapping[str, tuple[Draft, ...]] = field(default_factory=dict)
    target: str = "10.1"
    permissive: bool = False
    retired: tuple[tuple[str, int], ...] = ()


class Clash(Exception):
    """The rules contradict each other; a real policy would not compile."""


def listen(protocol: str, ports: ir.Ranges) -> Draft:
    """A `listen` statement."""
    actions = ("network.bind.port", "network.bind.privport")
    return Draft("allow", actions, protocols=(protocol,), ports=ports, listen=True)


def assemble(draft: DraftPolicy) -> ir.IR:
    """The IR of a policy.

    Raises Clash for rules that a real policy could not hold together.
    """
    return _Assembly(draft).run()


class _Assembly:
    def __init__(self, draft: DraftPolicy) -> None:
        self._draft = draft
        self._universe = Universe(sorted(draft.cells))
        self._action_sets: list[tuple[str, ...]] = []
        self._rules: list[ir.Rule] = []
        self._layers: list[ir.Layer] = []
        self._classes: dict[ir.CellClass, int] = {}

    def run(self) -> ir.IR:
        draft = self._draft
        known = load(draft.target).by_name
        order = {name: leaf.column for name, leaf in known.items()}
        self._order = order
        profiles = {
            name: self._layer("profile", name, rules) for name, rules in draft.profiles.items()
        }
        chains = {
            name: (*(profiles[p] for p in cell.profiles), self._layer("cell", name, cell.own))
            for name, cell in sorted(draft.cells.items())
        }
        self._words = words_of(rule.requests for rule in self._rules)
        cells = tuple(self._cell(name, chains[name]) for name in chains)
        return ir.IR(
            policy="test",
            target=draft.target,
            permissive=draft.permissive,
            action_sets=tuple(self._action_sets),
            rules=tuple(self._rules),
            layers=tuple(self._layers),
            cells=cells,
            classes=tuple(self._classes),
            reservations=tuple(self._reservations(chains)),
            retired=draft.retired,
            host=ir.HostSettings(),
        )

    def _intern(self, names: tuple[str, ...]) -> int:
        if names not in self._action_sets:
            self._action_sets.append(names)
        return self._action_sets.index(names)

    def _layer(self, kind: ir.LayerKind, name: str, drafts: Sequence[Draft]) -> int:
        first = len(self._rules)
        for d in drafts:
            actions = tuple(sorted(d.actions, key=self._order.__getitem__))
            requests = ir.RequestSet(
                self._intern(actions),
                d.to,
                d.protocols,
                d.ports,
                d.domains,
                d.types,
                d.socket_protocols,
            )
            number = 0x1000 + len(self._rules)
            self._rules.append(ir.Rule(number, d.effect, False, d.listen, requests))
        self._layers.append(ir.Layer(kind, name, tuple(range(first, len(self._rules)))))
        return len(self._layers) - 1

    def _cell(self, name: str, layers: tuple[int, ...]) -> ir.Cell:
        draft = self._draft.cells[name]
        indices = [self._layers[i].rules for i in layers]
        explicit = [[i for i in layer if not self._rules[i].listen] for layer in indices]
        space, folded = self._fold(name, explicit)
        class_ = ir.CellClass(verdicts(space, folded.explicit, self._intern))
        return ir.Cell(
            name=name,
            id=draft.id,
            permissive=draft.permissive,
            layers=layers,
            class_=self._classes.setdefault(class_, len(self._classes)),
            owned=self._owned(name, indices),
            limits=draft.limits,
            processes=draft.processes,
        )

    def _fold(self, name: str, layers: Sequence[Sequence[int]]) -> tuple[Space, Folded]:
        sets = [self._rules[i].requests for layer in layers for i in layer]
        catalogue = load(self._draft.target)
        space = Space(catalogue, self._action_sets, self._universe, name, sets, self._words)
        folded = fold(space, self._rules, layers)
        if any(p.kind not in ("duplicate", "empty") for p in folded.problems):
            raise Clash
        return space, folded

    def _owned(self, name: str, layers: Sequence[Sequence[int]]) -> tuple[ir.Verdict, ...]:
        if not any(self._rules[i].listen for layer in layers for i in layer):
            return ()
        space, folded = self._fold(name, layers)
        own = 0
        for layer in layers:
            for i in layer:
                if self._rules[i].listen:
                    own |= space.mask(self._rules[i].requests)
        regions = [r._replace(bits=r.bits & own) for r in folded.listening if r.bits & own]
        return verdicts(space, regions, self._intern)

    def _reservations(self, chains: Mapping[str, tuple[int, ...]]) -> list[ir.Reservation]:
        made: list[ir.Reservation] = []
        taken: set[tuple[str, int]] = set()
        for name, layers in chains.items():
            for index in (i for layer in layers for i in self._layers[layer].rules):
                r = self._rules[index].requests
                if not self._rules[index].listen or r.ports is None or r.protocols is None:
                    continue
                (protocol,) = r.protocols
                ports = {(protocol, p) for low, high in r.ports for p in range(low, high + 1)}
                if ports & taken:
                    raise Clash
                taken |= ports
                assert protocol in ("tcp", "udp")
                made.append(ir.Reservation(name, protocol, r.ports, index))
        return made
