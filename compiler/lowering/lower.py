"""The model to the IR: rules interned, layers folded, cells with equal decisions classed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from compiler.catalogue.actions import load
from compiler.diagnostics import Diagnostics
from compiler.ir import ir
from compiler.ir.decide import Decider
from compiler.ir.requests import words_of
from compiler.lowering.fold import Problem, Region, fold
from compiler.lowering.layout import Layout
from compiler.lowering.problems import report, report_collision, report_taken
from compiler.lowering.reservations import Owners, claims, collisions
from compiler.lowering.rule_ids import rule_ids
from compiler.lowering.settings import merge
from compiler.lowering.space import Space, Universe
from compiler.lowering.verdicts import verdicts
from compiler.model.policy import Body, Cell, Meaning, Policy, Rule
from compiler.source import Source, Span


@dataclass(frozen=True)
class Lowered:
    """The IR, and where each of its rules stands."""

    ir: ir.IR
    spans: tuple[Span, ...]
    """By index of the rule."""
    scopes: tuple[str, ...]
    """What each rule stands in, such as "profile service"."""

    @cached_property
    def decider(self) -> Decider:
        """Answers what the IR decides."""
        return Decider(self.ir)


def lower(
    policy: Policy,
    sources: Mapping[str, Source],
    ids: Mapping[str, int],
    found: Diagnostics,
) -> Lowered:
    """The IR of a policy; `ids` holds the id of every cell, retired ones included."""
    return _Lowering(policy, sources, found).run(ids)


class _Lowering:
    def __init__(self, policy: Policy, sources: Mapping[str, Source], found: Diagnostics) -> None:
        self._policy = policy
        self._found = found
        self._catalogue = load(policy.target)
        self._universe = Universe(cell.name for cell in policy.cells)
        self._action_sets: list[tuple[str, ...]] = []
        self._action_index: dict[tuple[str, ...], int] = {}
        self._rules: list[ir.Rule] = []
        self._spans: list[Span] = []
        self._made: dict[tuple[Span, int], int] = {}
        self._request_sets: dict[int, ir.RequestSet] = {}
        """By the identity of a meaning: meanings live as long as the model."""
        self._interned: dict[ir.RequestSet, ir.RequestSet] = {}
        self._binding: dict[int, bool] = {}
        self._layers: dict[ir.Layer, int] = {}
        self._profiles: dict[int, int] = {}
        """The layer of a profile's body, by its identity: bodies live as long as the model."""
        self._classes: dict[ir.CellClass, int] = {}
        self._class_of: dict[tuple[object, ...], int] = {}
        self._reported: set[tuple[str, tuple[int, ...]]] = set()
        chains = [*(cell.bodies for cell in policy.cells), *policy.unused]
        bodies = {id(body): body for chain in chains for body in chain}
        self._scopes = {r.span: r.scope for body in bodies.values() for r in body.rules}
        self._ids = rule_ids(self._scopes, sources)

    def run(self, ids: Mapping[str, int]) -> Lowered:
        policy = self._policy
        chains = [self._cell_layers(cell) for cell in policy.cells]
        unused = [self._body_layers(chain) for chain in policy.unused]
        rules = self._rules
        self._table = list(self._layers)
        words = words_of(rule.requests for rule in rules)
        self._layout = Layout(self._catalogue, self._action_sets, words)
        reservations = self._reservations(policy.cells, chains)
        cells = [
            self._cell(cell, layers, rules, ids)
            for cell, layers in zip(policy.cells, chains, strict=True)
        ]
        for layers in unused:
            self._decide(None, layers, rules)
        self._check_reservations(reservations, cells, rules)
        names = {cell.name for cell in policy.cells}
        securelevel = policy.host.securelevel
        made = ir.IR(
            policy=policy.name,
            target=policy.target,
            permissive=policy.permissive is not None,
            action_sets=tuple(self._action_sets),
            rules=tuple(rules),
            layers=tuple(self._layers),
            cells=tuple(cells),
            classes=tuple(self._classes),
            reservations=reservations,
            retired=tuple(sorted((n, i) for n, i in ids.items() if n not in names)),
            host=ir.HostSettings(
                securelevel.level if securelevel else None,
                tuple(ir.SysctlSetting(s.name, s.value) for s in policy.host.sysctls),
            ),
        )
        return Lowered(made, tuple(self._spans), tuple(self._scopes[s] for s in self._spans))

    # Interning

    def _intern(self, names: tuple[str, ...]) -> int:
        index = self._action_index.get(names)
        if index is None:
            index = self._action_index[names] = len(self._action_sets)
            self._action_sets.append(names)
        return index

    def _rule(self, rule: Rule) -> int:
        """The index of a rule; the use of a template may bring one in again."""
        meaning = rule.meaning
        requests = self._request_sets.get(id(meaning))
        if requests is None:
            requests = self._request_sets[id(meaning)] = self._requests(meaning)
        index = self._made.setdefault((rule.span, id(requests)), len(self._rules))
        if index == len(self._rules):
            self._rules.append(
                ir.Rule(
                    self._ids[rule.span], meaning.effect, meaning.final, meaning.listen, requests
                )
            )
            self._spans.append(rule.span)
        return index

    def _requests(self, rule: Meaning) -> ir.RequestSet:
        requests = ir.RequestSet(
            self._intern(rule.actions),
            rule.to,
            rule.protocols,
            rule.ports,
            rule.domains,
            rule.types,
            rule.socket_protocols,
        )
        return self._interned.setdefault(requests, requests)

    def _layer(self, kind: ir.LayerKind, name: str, bodies: Sequence[Body]) -> int:
        rules = tuple(sorted({self._rule(rule) for body in bodies for rule in body.rules}))
        return self._layers.setdefault(ir.Layer(kind, name, rules), len(self._layers))

    def _profile(self, body: Body) -> int:
        index = self._profiles.get(id(body))
        if index is None:
            index = self._profiles[id(body)] = self._layer("profile", body.name, [body])
        return index

    def _cell_layers(self, cell: Cell) -> tuple[int, ...]:
        layers = [self._profile(body) for body in cell.profiles]
        if cell.templates:
            name = "+".join(body.name for body in cell.templates)
            layers.append(self._layer("template", name, cell.templates))
        layers.append(self._layer("cell", cell.name, [cell.own]))
        return tuple(layers)

    def _body_layers(self, bodies: Sequence[Body]) -> tuple[int, ...]:
        return tuple(self._layer(body.kind, body.name, [body]) for body in bodies)

    # Cells

    def _cell(
        self, cell: Cell, layers: tuple[int, ...], rules: list[ir.Rule], ids: Mapping[str, int]
    ) -> ir.Cell:
        class_, owned = self._decide(cell.name, layers, rules)
        return ir.Cell(
            name=cell.name,
            id=ids.get(cell.name, 0),
            permissive=any(body.permissive for body in cell.bodies),
            layers=layers,
            class_=class_,
            owned=owned,
            **merge(cell, self._found),
        )

    def _decide(
        self, subject: str | None, layers: tuple[int, ...], rules: list[ir.Rule]
    ) -> tuple[int, tuple[ir.Verdict, ...]]:
        """The class of a cell with these layers (-1 for no cell), and what decides at the
        ports it listens on.  Cells with the same explicit rules share the class, so that
        another one only needs a look at its ports."""
        table = self._table
        flat = [i for layer in layers for i in table[layer].rules]
        listens = [i for i in flat if rules[i].listen]
        explicit = tuple(
            tuple([i for i in table[layer].rules if not rules[i].listen]) for layer in layers
        )
        named = any(subject in r.to.members for i in flat if (r := rules[i].requests).to)
        key = (explicit, subject if named else subject is None)
        class_ = self._class_of.get(key)
        if class_ is not None and not listens:
            return class_, ()
        chosen = [
            [i for i in table[layer].rules if class_ is None or self._about_binds(rules[i])]
            for layer in layers
        ]
        space = Space(
            self._layout, self._universe, subject, [rules[i].requests for x in chosen for i in x]
        )
        folded = fold(space, rules, chosen)
        self._report(folded.problems, rules)
        if class_ is None:
            class_ = -1
            if subject is not None:
                made = ir.CellClass(verdicts(space, folded.explicit, self._intern))
                class_ = self._classes.setdefault(made, len(self._classes))
            self._class_of[key] = class_
        own = 0
        for i in listens:
            own |= space.mask(rules[i].requests)
        regions = [Region(r.rule, r.effect, r.bits & own) for r in folded.listening if r.bits & own]
        return class_, verdicts(space, regions, self._intern)

    def _about_binds(self, rule: ir.Rule) -> bool:
        actions = rule.requests.actions
        known = self._binding.get(actions)
        if known is None:
            leaves = self._catalogue.by_name
            names = self._action_sets[actions]
            known = any(leaves[name].dimension == "bind" for name in names)
            self._binding[actions] = known
        return known

    def _report(self, problems: list[Problem], rules: list[ir.Rule]) -> None:
        fresh = []
        for problem in problems:
            key = (problem.kind, problem.rules)
            if key not in self._reported:
                self._reported.add(key)
                fresh.append(problem)
        if fresh:
            report(fresh, rules, self._spans, self._found)

    # Ports

    def _reservations(
        self, cells: Sequence[Cell], chains: Sequence[tuple[int, ...]]
    ) -> tuple[ir.Reservation, ...]:
        rules = self._rules
        made = []
        for cell, layers in zip(cells, chains, strict=True):
            for layer in layers:
                for index in self._table[layer].rules:
                    requests = rules[index].requests
                    if rules[index].listen and requests.ports and requests.protocols:
                        protocol: Literal["tcp", "udp"] = (
                            "tcp" if requests.protocols == ("tcp",) else "udp"
                        )
                        made.append(ir.Reservation(cell.name, protocol, requests.ports, index))
        return tuple(made)

    def _check_reservations(
        self,
        reservations: Sequence[ir.Reservation],
        cells: Sequence[ir.Cell],
        rules: list[ir.Rule],
    ) -> None:
        ordered = claims(reservations)
        declared = {cell.name: cell.span for cell in self._policy.cells}
        for first, second in collisions(ordered):
            report_collision(first, second, self._spans, self._scopes, declared, self._found)
        owners = Owners(ordered)
        for cell in cells:
            for layer in cell.layers:
                for index in self._table[layer].rules:
                    rule = rules[index]
                    if rule.listen or rule.effect == "deny" or rule.requests.ports is None:
                        continue
                    hit = owners.hit_by(rule, cell.name)
                    if hit is not None:
                        report_taken(hit, cell.name, rule, index, self._spans, self._found)
