"""Mutants of a policy: each rule flipped, dropped or widened, and which requests that changes.

Only cells whose layers hold the rule are folded again, once for all that share their
rules.  A mutant changes nothing, or some boxes; whoever knows what tests ask about
knows from the boxes whether they would notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decisions
from compiler.ir.ir import IR, Cell, CellClass, Effect, Layer, RequestSet, Rule
from compiler.ir.requests import catalogue, words_of_rules
from compiler.lowering.fold import fold
from compiler.lowering.layout import Layout
from compiler.lowering.reservations import Owners, claims, opens
from compiler.lowering.space import Space, Universe
from compiler.lowering.verdicts import verdicts
from compiler.model.policy import Meaning, Policy
from compiler.record import NamedTuple, changed
from compiler.source import Span

#: The conditions of a rule, and the words for them.
_CONDITIONS = {
    "to": "to",
    "protocols": "tcp or udp",
    "ports": "port",
    "domains": "domain",
    "types": "type",
    "socket_protocols": "protocol",
}

Kind = Literal["flip", "drop", "widen"]


class Mutant(NamedTuple):
    """A rule (an index) changed in one way."""

    rule: int
    kind: Kind
    text: str
    """What is done, such as "without `port 1..1023`"."""
    mutated: Rule | None
    """None when it is dropped."""


class Change(NamedTuple):
    """Requests that a mutant decides otherwise."""

    box: Box
    before: Effect
    after: Effect


def meanings(policy: Policy, spans: Iterable[Span]) -> list[Meaning]:
    """What the rules say that stand at some places; those of one text say the same."""
    said = {rule.span: rule.meaning for body in policy.bodies for rule in body.rules}
    return [said[span] for span in spans]


class Folder:
    """Folds cells again under mutants."""

    def __init__(self, decisions: Decisions, meanings: Sequence[Meaning]) -> None:
        """`meanings` has what each rule of the IR says (see `meanings`)."""
        self._meanings = meanings
        self._decisions = decisions
        self._frame = decisions.frame
        self.ir = ir = decisions.ir
        self._sets = list(ir.action_sets)
        self._index = {names: i for i, names in enumerate(self._sets)}
        self._words = words_of_rules(ir.rules)
        self._catalogue = catalogue(ir)
        self._universe = Universe(cell.name for cell in ir.cells)
        self._owners = Owners(claims(ir.reservations))
        self._holders: dict[int, list[Cell]] = {}
        for cell in ir.cells:
            for layer in cell.layers:
                for rule in ir.layers[layer].rules:
                    self._holders.setdefault(rule, []).append(cell)

    def mutants(self, rules: Sequence[int]) -> Iterator[Mutant]:
        """Every mutant of some rules; a listen is only dropped."""
        for index in rules:
            rule = self.ir.rules[index]
            yield Mutant(index, "drop", "dropped", None)
            if rule.listen:
                continue
            effect: Effect = "allow" if rule.effect == "deny" else "deny"
            flipped = changed(rule, effect=effect)
            yield Mutant(index, "flip", f"{effect} instead of {rule.effect}", flipped)
            for text, requests in self._wider(rule.requests, self._meanings[index].named):
                wider = changed(rule, requests=requests)
                yield Mutant(index, "widen", text, wider)

    def _wider(
        self, requests: RequestSet, named: tuple[str, ...]
    ) -> Iterator[tuple[str, RequestSet]]:
        """The set with one condition less; without conditions, the scope instead of the action.

        `named` are all leaves of the rule's action, which fewer conditions may match.
        """
        given = [field for field in _CONDITIONS if getattr(requests, field) is not None]
        for field in given:
            fewer: dict[str, Any] = {field: None}
            wider = changed(requests, **fewer)
            actions = self._intern(self._carrying(wider, named))
            yield f"without `{_CONDITIONS[field]}`", changed(wider, actions=actions)
        names = self._sets[requests.actions]
        scopes = {name.partition(".")[0] for name in names}
        if not given and len(scopes) == 1:
            leaves = self._catalogue.leaves
            whole = tuple(leaf.name for leaf in leaves if leaf.scope in scopes)
            if whole != names:
                text = f"{scopes.pop()}.* instead of its actions"
                yield text, changed(requests, actions=self._intern(whole))

    def _carrying(self, conditions: RequestSet, named: tuple[str, ...]) -> tuple[str, ...]:
        """The leaves that have requests which fit some conditions."""
        frame = self._frame
        actions = sum(frame.leaf_bits[name] for name in named)
        left = 0
        for box in frame.boxes(frame.everybody, actions, conditions, self._words):
            left |= box.actions
        return tuple(name for name in named if frame.leaf_bits[name] & left)

    @property
    def more_sets(self) -> list[tuple[str, ...]]:
        """Sets of actions that mutants have and the policy has not."""
        return self._sets[len(self.ir.action_sets) :]

    def touched(self, mutant: Mutant) -> list[Box]:
        """All requests that a mutant could decide otherwise, and perhaps more."""
        frame = self._frame
        rule = self.ir.rules[mutant.rule]
        subjects = frame.subject_bits(cell.name for cell in self._holders.get(mutant.rule, ()))
        if rule.listen:
            subjects = frame.everybody & ~frame.root
        sets = [r.requests.actions for r in (rule, mutant.mutated) if r is not None]
        actions = 0
        for name in {name for i in sets for name in self._sets[i]}:
            actions |= frame.leaf_bits[name] & frame.asked
        return [
            box._replace(actions=box.actions & actions)
            for box in (frame.everything(subjects) if subjects else ())
            if box.actions & actions
        ]

    def decisions(self, mutant: Mutant) -> Decisions | None:
        """What a mutant decides; None when it would be no policy at all.

        Rules at odds, a final rule that is overridden, a rule that matches nothing or opens a
        port of another cell, and a grant that needs a reason and has none are errors: the
        compiler finds such a mutant, not a test.
        """
        refused = self._takes(mutant) or self._unreasoned(mutant)
        ir = None if refused else self._mutated(mutant)
        return None if ir is None else Decisions(ir, self._frame, self._words)

    def _takes(self, mutant: Mutant) -> bool:
        """Whether a changed rule opens ports that another cell listens on."""
        rule = mutant.mutated
        if rule is None or not opens(rule):
            return False
        holders = self._holders.get(mutant.rule, ())
        return any(self._owners.hit_by(rule, cell.name) is not None for cell in holders)

    def _unreasoned(self, mutant: Mutant) -> bool:
        """Whether a changed rule grants what it would have to give a reason for."""
        rule = mutant.mutated
        if rule is None or rule.effect != "grant" or self._meanings[mutant.rule].notes.reason:
            return False
        names = self._sets[rule.requests.actions]
        return any(self._catalogue.by_name[name].rootlike for name in names)

    def _mutated(self, mutant: Mutant) -> IR | None:
        """The IR of a mutant, of which only the touched cells are folded again."""
        ir = self.ir
        rules = list(ir.rules)
        if mutant.mutated is not None:
            rules[mutant.rule] = mutant.mutated
        # A layout remembers rules by their numbers, and these are others now.
        layout = Layout(self._catalogue, self._sets, self._words)
        layers = [self._without(layer, mutant) for layer in ir.layers]
        classes = list(ir.classes)
        known: dict[tuple[object, ...], int] = {}
        touched = {cell.name: cell for cell in self._holders.get(mutant.rule, ())}
        cells = list(ir.cells)
        for i, cell in enumerate(cells):
            if cell.name not in touched:
                continue
            folded = self._fold(layout, cell, rules, layers, known, classes)
            if folded is None:
                return None
            cells[i] = folded
        dropped = mutant.rule if mutant.mutated is None else -1
        return changed(
            ir,
            action_sets=tuple(self._sets),
            rules=tuple(rules),
            layers=tuple(layers),
            cells=tuple(cells),
            classes=tuple(classes),
            reservations=tuple(r for r in ir.reservations if r.rule != dropped),
        )

    def _without(self, layer: Layer, mutant: Mutant) -> Layer:
        if mutant.mutated is not None or mutant.rule not in layer.rules:
            return layer
        kept = tuple(rule for rule in layer.rules if rule != mutant.rule)
        return changed(layer, rules=kept)

    def _fold(
        self,
        layout: Layout,
        cell: Cell,
        rules: list[Rule],
        layers: list[Layer],
        known: dict[tuple[object, ...], int],
        classes: list[CellClass],
    ) -> Cell | None:
        """A cell with its class and its own ports under changed rules; None for an error."""
        chosen = [layers[i].rules for i in cell.layers]
        flat = [i for layer in chosen for i in layer]
        explicit = tuple(tuple(i for i in layer if not rules[i].listen) for layer in chosen)
        listens = [i for i in flat if rules[i].listen]
        named = any(cell.name in r.to.members for i in flat if (r := rules[i].requests).to)
        key = (explicit, named and cell.name)
        if not listens and key in known:
            return changed(cell, class_=known[key], owned=())
        space = Space(layout, self._universe, cell.name, [rules[i].requests for i in flat])
        folded = fold(space, rules, chosen)
        if any(p.kind != "duplicate" for p in folded.problems):
            return None
        if key not in known:
            known[key] = len(classes)
            classes.append(CellClass(verdicts(space, folded.explicit, self._intern)))
        owned = verdicts(space, folded.owned, self._intern)
        return changed(cell, class_=known[key], owned=owned)

    def _intern(self, names: tuple[str, ...]) -> int:
        index = self._index.get(names)
        if index is None:
            index = self._index[names] = len(self._sets)
            self._sets.append(names)
        return index


def difference(old: Decisions, new: Decisions, boxes: Iterable[Box]) -> Iterator[Change]:
    """The requests in some boxes on whose effect two policies with one frame differ."""
    for row in old.of(boxes):
        for now in new.of(row.box):
            if now.effect != row.effect:
                yield Change(now.box, row.effect, now.effect)
