"""The model to the IR: rules interned, layers folded, cells with equal decisions classed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from compiler.catalogue.actions import load
from compiler.diagnostics import Diagnostics
from compiler.ir import ir
from compiler.ir.decide import Decider
from compiler.ir.requests import Words, words_of_rules
from compiler.lowering.fold import Problem, fold
from compiler.lowering.layout import Layout
from compiler.lowering.problems import report, report_collision, report_taken
from compiler.lowering.reservations import claims, collisions, opens, reservations, taken
from compiler.lowering.rule_ids import rule_ids
from compiler.lowering.settings import merge
from compiler.lowering.space import Space, Universe
from compiler.lowering.verdicts import verdicts
from compiler.model.policy import Body, Cell, Meaning, Policy, Rule
from compiler.record import NamedTuple
from compiler.source import Source, Span


class Lowered:
    """The IR, and where each of its rules stands."""

    def __init__(
        self,
        made: ir.IR,
        spans: Sequence[Span],
        scopes: Sequence[str],
        contested: frozenset[int] = frozenset(),
    ) -> None:
        self.ir = made
        self.spans = spans
        """By index of the rule."""
        self.scopes = scopes
        """What each rule stands in, such as "profile service"."""
        self.contested = contested
        """Ids that several rules would have (RuleIds)."""

    @cached_property
    def decider(self) -> Decider:
        """Answers what the IR decides."""
        return Decider(self.ir)

    @cached_property
    def standing(self) -> Mapping[Span, tuple[int, ...]]:
        """The indices of the rules that stand in a place."""
        return by_place(enumerate(self.spans))


def by_place(rules: Iterable[tuple[int, Span]]) -> dict[Span, tuple[int, ...]]:
    """The indices of some rules, in their order, by where they stand."""
    found: dict[Span, tuple[int, ...]] = {}
    several: dict[Span, list[int]] = {}
    for index, span in rules:
        if span in found:
            several.setdefault(span, [*found[span]]).append(index)
        else:
            found[span] = (index,)
    found.update((span, tuple(indices)) for span, indices in several.items())
    return found


def lower(
    policy: Policy,
    sources: Mapping[str, Source],
    ids: Mapping[str, int],
    found: Diagnostics,
    rest: Rest | None = None,
) -> Lowered:
    """The IR of a policy; `ids` holds the id of every cell, retired ones included.

    Of a policy of which cells are left out, `rest` says what they mean for the others.
    """
    return _Lowering(policy, sources, found, rest).run(ids)


class Rest(NamedTuple):
    """What a policy says in cells that are left out, as far as it matters to others."""

    cells: tuple[str, ...]
    """The names of all cells, in the order of their definitions."""
    words: Words
    """What all rules name of sockets."""


class _Parts(NamedTuple):
    """The rules of a layer by what folding asks about them."""

    rules: tuple[int, ...]
    explicit: tuple[int, ...]
    """All but `listen`."""
    listens: tuple[int, ...]
    binding: tuple[int, ...]
    """Those about binds."""
    opening: tuple[int, ...]
    """Those that let through binds of certain ports."""
    telling: tuple[ir.RequestSet, ...]
    """What they say about peers and ports."""
    named: frozenset[str]
    """Cells that they name."""


class _Lowering:
    def __init__(
        self,
        policy: Policy,
        sources: Mapping[str, Source],
        found: Diagnostics,
        rest: Rest | None,
    ) -> None:
        self._policy = policy
        self._rest = rest
        self._found = found
        self._catalogue = load(policy.target)
        self._universe = Universe(
            sorted(rest.cells) if rest else (cell.name for cell in policy.cells)
        )
        self._action_sets: list[tuple[str, ...]] = []
        self._action_index: dict[tuple[str, ...], int] = {}
        self._rules: list[ir.Rule] = []
        self._spans: list[Span] = []
        self._scopes: list[str] = []
        self._made: dict[int, int] = {}
        """By the identity of templates' rules, which live as long as the model."""
        self._placed: dict[tuple[Span, int], int] = {}
        """By the places of templates' rules, and the identity of what they are about."""
        self._request_sets: dict[int, ir.RequestSet] = {}
        """By the identity of a meaning: meanings live as long as the model."""
        self._interned: dict[ir.RequestSet, ir.RequestSet] = {}
        self._binding: set[int] = set()
        """Rules about binds."""
        self._telling: set[int] = set()
        """Rules that tell peers or ports apart."""
        self._layers: dict[ir.Layer, int] = {}
        self._bodies: dict[int, int] = {}
        """The layer of a body, by its identity: bodies live as long as the model."""
        self._parts: list[_Parts] = []
        """By layer."""
        self._classes: list[ir.CellClass] = []
        self._deciding: dict[tuple[int, ...], list[int]] = {}
        """Classes by the rules of their verdicts."""
        self._class_of: dict[tuple[object, ...], int] = {}
        self._reported: set[tuple[str, tuple[int, ...]]] = set()
        self._ids = rule_ids(policy.bodies, sources)

    def run(self, ids: Mapping[str, int]) -> Lowered:
        policy = self._policy
        chains = [self._cell_layers(cell) for cell in policy.cells]
        unused = [self._body_layers(chain) for chain in policy.unused]
        rules = self._rules
        words = self._rest.words if self._rest else words_of_rules(rules)
        self._layout = Layout(self._catalogue, self._action_sets, words)
        self._sort_out()
        self._parts = [self._take_apart(layer.rules) for layer in self._layers]
        reserved = reservations(
            zip((cell.name for cell in policy.cells), chains, strict=True),
            [parts.listens for parts in self._parts],
            rules,
        )
        cells = [
            self._cell(cell, layers, ids) for cell, layers in zip(policy.cells, chains, strict=True)
        ]
        for layers in unused:
            self._decide(None, layers)
        self._check_reservations(reserved, cells)
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
            reservations=reserved,
            retired=tuple(sorted((n, i) for n, i in ids.items() if n not in names)),
            host=ir.HostSettings(
                securelevel.level if securelevel else None,
                tuple(ir.SysctlSetting(s.name, s.value) for s in policy.host.sysctls),
            ),
        )
        spans, scopes = tuple(self._spans), tuple(self._scopes)
        return Lowered(made, spans, scopes, self._ids.contested)

    # Interning

    def _intern(self, names: tuple[str, ...]) -> int:
        index = self._action_index.get(names)
        if index is None:
            index = self._action_index[names] = len(self._action_sets)
            self._action_sets.append(names)
        return index

    def _rules_of(self, body: Body) -> Sequence[int]:
        """The indices of a body's rules; the use of a template may bring some in again."""
        if body.kind != "template":
            first = len(self._rules)
            self._add(body.rules)
            return range(first, len(self._rules))
        known = self._made
        indices = []
        for rule in body.rules:
            index = known.get(id(rule))
            if index is None:
                index = known[id(rule)] = self._again(rule)
            indices.append(index)
        return indices

    def _again(self, rule: Rule) -> int:
        """The index of a template's rule, which another use with equal arguments shares."""
        key = (rule.span, id(self._requests(rule.meaning)))
        index = self._placed.get(key)
        if index is None:
            index = self._placed[key] = len(self._rules)
            self._add((rule,))
        return index

    def _add(self, rules: Sequence[Rule]) -> None:
        ids, known = self._ids.by_span, self._request_sets
        add, add_span, add_scope = self._rules.append, self._spans.append, self._scopes.append
        for rule in rules:
            meaning, span = rule.meaning, rule.span
            requests = known.get(id(meaning)) or self._requests(meaning)
            add(ir.Rule(ids[span], meaning.effect, meaning.final, meaning.listen, requests))
            add_span(span)
            add_scope(rule.scope)

    def _requests(self, rule: Meaning) -> ir.RequestSet:
        known = self._request_sets.get(id(rule))
        if known is None:
            requests = ir.RequestSet(
                self._intern(rule.actions),
                rule.to,
                rule.protocols,
                rule.ports,
                rule.domains,
                rule.types,
                rule.socket_protocols,
            )
            known = self._interned.setdefault(requests, requests)
            self._request_sets[id(rule)] = known
        return known

    def _layer(self, kind: ir.LayerKind, name: str, rules: Iterable[int]) -> int:
        layer = ir.Layer(kind, name, tuple(rules))
        return self._layers.setdefault(layer, len(self._layers))

    def _body(self, body: Body) -> int:
        index = self._bodies.get(id(body))
        if index is None:
            index = self._layer(body.kind, body.name, self._rules_of(body))
            self._bodies[id(body)] = index
        return index

    def _cell_layers(self, cell: Cell) -> tuple[int, ...]:
        layers = [self._body(body) for body in cell.profiles]
        if cell.templates:
            name = "+".join(body.name for body in cell.templates)
            used = {index for body in cell.templates for index in self._rules_of(body)}
            layers.append(self._layer("template", name, sorted(used, key=self._order)))
        layers.append(self._body(cell.own))
        return tuple(layers)

    def _order(self, index: int) -> tuple[Span, Sequence[str], ir.Ranges]:
        """Where a template's rule stands, and what arguments make of it: neither hangs on which
        uses were before."""
        requests = self._rules[index].requests
        peers = requests.to.members if requests.to is not None else ()
        return self._spans[index], peers, requests.ports or ()

    def _body_layers(self, bodies: Sequence[Body]) -> tuple[int, ...]:
        return tuple(self._body(body) for body in bodies)

    def _sort_out(self) -> None:
        """Finds the rules that are about binds, and those that tell peers or ports apart."""
        leaves = self._catalogue.by_name
        binds = [
            any(leaves[name].dimension == "bind" for name in names) for names in self._action_sets
        ]
        for index, rule in enumerate(self._rules):
            requests = rule.requests
            if binds[requests.actions]:
                self._binding.add(index)
            if requests.to is not None or requests.ports is not None:
                self._telling.add(index)

    def _take_apart(self, indices: tuple[int, ...]) -> _Parts:
        rules = self._rules
        binding = [index for index in indices if index in self._binding]
        listens = [index for index in binding if rules[index].listen]
        telling = [rules[index].requests for index in sorted(self._telling.intersection(indices))]
        own = frozenset(listens)
        return _Parts(
            rules=indices,
            explicit=tuple([i for i in indices if i not in own]) if own else indices,
            listens=tuple(listens),
            binding=tuple(binding),
            opening=tuple([i for i in binding if i not in own and opens(rules[i])]),
            telling=tuple(telling),
            named=frozenset([m for r in telling if r.to is not None for m in r.to.members]),
        )

    # Cells

    def _cell(self, cell: Cell, layers: tuple[int, ...], ids: Mapping[str, int]) -> ir.Cell:
        class_, owned = self._decide(cell.name, layers)
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
        self, subject: str | None, layers: tuple[int, ...]
    ) -> tuple[int, tuple[ir.Verdict, ...]]:
        """The class of a cell with these layers (-1 for no cell), and what decides at the
        ports it listens on.  Cells with the same explicit rules share the class, so that
        another one only needs a look at its ports."""
        parts = [self._parts[layer] for layer in layers]
        named = any(subject in layer.named for layer in parts)
        key = (tuple([layer.explicit for layer in parts]), subject if named else subject is None)
        class_ = self._class_of.get(key)
        if class_ is not None and not any(layer.listens for layer in parts):
            return class_, ()
        chosen = [layer.rules if class_ is None else layer.binding for layer in parts]
        telling = [requests for layer in parts for requests in layer.telling]
        space = Space(self._layout, self._universe, subject, telling)
        folded = fold(space, self._rules, chosen)
        self._report(folded.problems)
        if class_ is None:
            class_ = -1
            if subject is not None:
                class_ = self._class(verdicts(space, folded.explicit, self._intern))
            self._class_of[key] = class_
        return class_, verdicts(space, folded.owned, self._intern)

    def _class(self, rows: tuple[ir.Verdict, ...]) -> int:
        """The class with these verdicts, which cells with other rules may have as well."""
        alike = self._deciding.setdefault(tuple([row.rule for row in rows]), [])
        for class_ in alike:
            if self._classes[class_].verdicts == rows:
                return class_
        alike.append(len(self._classes))
        self._classes.append(ir.CellClass(rows))
        return alike[-1]

    def _report(self, problems: list[Problem]) -> None:
        fresh = []
        for problem in problems:
            key = (problem.kind, problem.rules)
            if key not in self._reported:
                self._reported.add(key)
                fresh.append(problem)
        if fresh:
            report(fresh, self._rules, self._spans, self._found)

    # Ports

    def _check_reservations(
        self,
        reserved: Sequence[ir.Reservation],
        cells: Sequence[ir.Cell],
    ) -> None:
        ordered = claims(reserved)
        declared = {cell.name: cell.span for cell in self._policy.cells}
        for first, second in collisions(ordered):
            report_collision(first, second, self._spans, self._scopes, declared, self._found)
        opening = [parts.opening for parts in self._parts]
        for hit, cell, index in taken(cells, opening, self._rules, ordered):
            report_taken(hit, cell, self._rules[index], index, self._spans, self._found)
