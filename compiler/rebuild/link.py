"""Puts cells that were compiled anew into the IR of an earlier build.

Rules, layers, classes and sets of actions have the numbers that they get when all is
compiled: they are counted in the order in which cells, in the order of their names, first
have them (compiler/lowering/lower.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from compiler.ir.ir import IR, Cell, CellClass, Layer, RequestSet, Rule, Verdict
from compiler.lowering.reservations import reservations
from compiler.rebuild.left_out import only_if
from compiler.record import NamedTuple, changed


class Linked(NamedTuple):
    """An IR, and where its rules come from."""

    ir: IR
    old: IR
    origins: Sequence[tuple[IR, int]]
    """By index of a rule: the IR that had it, and its index there."""


def link(old: IR, part: IR) -> Linked:
    """`old` with the cells that `part` has as they are there, `part` having no other cells.

    The cells are of the same profiles and templates in both.  Raises LeftOutError if the
    order of rules hangs on more than the two of them tell.
    """
    return _Linker(old, part).run()


class _Side:
    """One of the IRs, and the numbers that its parts get."""

    def __init__(self, ir: IR) -> None:
        self.ir = ir
        self.action_sets: dict[int, int] = {}
        self.requests: dict[int, RequestSet] = {}
        """By identity: the IR keeps them alive."""
        self.rules: dict[int, int] = {}
        self.layers: dict[int, int] = {}
        self.classes: dict[int, int] = {}
        self.first: dict[int, str] = {}
        """The first cell with each rule of a template."""
        done: set[int] = set()
        for cell in ir.cells:
            for number in cell.layers:
                if number not in done and ir.layers[number].kind == "template":
                    for rule in ir.layers[number].rules:
                        self.first.setdefault(rule, cell.name)
                done.add(number)


class _Linker:
    def __init__(self, old: IR, part: IR) -> None:
        self._old, self._part = _Side(old), _Side(part)
        self._new_cells = {cell.name: cell for cell in part.cells}
        self._action_sets: dict[tuple[str, ...], int] = {}
        self._rules: list[Rule] = []
        self._origins: list[tuple[IR, int]] = []
        self._of_templates: dict[tuple[int, RequestSet], int] = {}
        self._profiles: dict[str, tuple[int, Sequence[int]]] = {}
        """Their layers and rules, by name."""
        self._layers: dict[Layer, int] = {}
        self._classes: list[CellClass] = []
        self._deciding: dict[tuple[int, ...], list[int]] = {}

    def run(self) -> Linked:
        old = self._old.ir
        cells = [(self._side(cell), self._new_cells.get(cell.name, cell)) for cell in old.cells]
        chains = [
            tuple([self._layer(side, number, cell.name) for number in cell.layers])
            for side, cell in cells
        ]
        self._unused()
        made = [
            self._cell(side, cell, layers)
            for (side, cell), layers in zip(cells, chains, strict=True)
        ]
        listening = {index for index, rule in enumerate(self._rules) if rule.listen}
        listens = [[i for i in layer.rules if i in listening] for layer in self._layers]
        ir = IR(
            policy=old.policy,
            target=old.target,
            permissive=old.permissive,
            action_sets=tuple(self._action_sets),
            rules=tuple(self._rules),
            layers=tuple(self._layers),
            cells=tuple(made),
            classes=tuple(self._classes),
            reservations=reservations(
                ((cell.name, cell.layers) for cell in made), listens, self._rules
            ),
            retired=old.retired,
            host=old.host,
        )
        return Linked(ir, old, self._origins)

    def _side(self, cell: Cell) -> _Side:
        return self._part if cell.name in self._new_cells else self._old

    # Rules and layers

    def _layer(self, side: _Side, number: int, cell: str) -> int:
        known = side.layers.get(number)
        if known is None:
            layer = side.ir.layers[number]
            if layer.kind == "profile":
                known = self._profile(side, layer)
            elif layer.kind == "template":
                for rule in sorted(layer.rules):
                    if rule not in side.rules:
                        self._of_template(side, rule, cell)
                known = self._add_layer(layer, [side.rules[rule] for rule in layer.rules])
            else:
                known = self._add_layer(layer, self._add(side, layer.rules))
            side.layers[number] = known
        return known

    def _profile(self, side: _Side, layer: Layer) -> int:
        if layer.name not in self._profiles:
            rules = self._add(side, layer.rules)
            self._profiles[layer.name] = self._add_layer(layer, rules), rules
            return self._profiles[layer.name][0]
        number, rules = self._profiles[layer.name]
        only_if(len(rules) == len(layer.rules))
        for index, rule in zip(rules, layer.rules, strict=True):
            self._same(side, rule, index)
        return number

    def _same(self, side: _Side, rule: int, index: int) -> None:
        """A rule of a profile that both IRs have."""
        written = side.ir.rules[rule]
        requests = self._requests(side, written.requests)
        known = self._rules[index]
        only_if((known.id, known.effect, known.requests) == (written.id, written.effect, requests))
        side.rules[rule] = index

    def _of_template(self, side: _Side, rule: int, cell: str) -> None:
        written = side.ir.rules[rule]
        key = (written.id, self._requests(side, written.requests))
        index = self._of_templates.get(key)
        if index is None:
            # In which order another cell has its rules is not known.
            only_if(side.first.get(rule, "") == cell)
            (index,) = self._add(side, (rule,))
            self._of_templates[key] = index
        side.rules[rule] = index

    def _add(self, side: _Side, rules: Sequence[int]) -> Sequence[int]:
        """The numbers of rules that come next."""
        for rule in rules:
            written = side.ir.rules[rule]
            requests = self._requests(side, written.requests)
            if requests is not written.requests:
                written = Rule(written.id, written.effect, written.final, written.listen, requests)
            self._rules.append(written)
            self._origins.append((side.ir, rule))
        numbers = range(len(self._rules) - len(rules), len(self._rules))
        side.rules.update(zip(rules, numbers, strict=True))
        return numbers

    def _add_layer(self, layer: Layer, rules: Sequence[int]) -> int:
        made = Layer(layer.kind, layer.name, tuple(rules))
        return self._layers.setdefault(made, len(self._layers))

    def _unused(self) -> None:
        """The layers that no cell has come after those of all cells."""
        side = self._old
        used = {number for cell in side.ir.cells for number in cell.layers}
        for number, layer in enumerate(side.ir.layers):
            if number not in used:
                # The sets of actions that `listen` asks for there are not known.
                only_if(not any(side.ir.rules[rule].listen for rule in layer.rules))
                self._layer(side, number, "")

    def _requests(self, side: _Side, requests: RequestSet) -> RequestSet:
        actions = side.action_sets.get(requests.actions)
        if actions is None:
            names = side.ir.action_sets[requests.actions]
            actions = self._action_sets.setdefault(names, len(self._action_sets))
            side.action_sets[requests.actions] = actions
        if actions == requests.actions:
            return requests
        known = side.requests.get(id(requests))
        if known is None:
            known = side.requests[id(requests)] = RequestSet(
                actions,
                requests.to,
                requests.protocols,
                requests.ports,
                requests.domains,
                requests.types,
                requests.socket_protocols,
            )
        return known

    # Cells and classes

    def _cell(self, side: _Side, cell: Cell, layers: tuple[int, ...]) -> Cell:
        class_ = self._class(side, cell.class_)
        owned = self._verdicts(side, cell.owned)
        if (cell.layers, cell.class_) == (layers, class_) and owned is cell.owned:
            return cell
        return changed(cell, layers=layers, class_=class_, owned=owned)

    def _class(self, side: _Side, number: int) -> int:
        known = side.classes.get(number)
        if known is None:
            class_ = side.ir.classes[number]
            rows = self._verdicts(side, class_.verdicts)
            alike = self._deciding.setdefault(tuple([row.rule for row in rows]), [])
            known = next((n for n in alike if self._classes[n].verdicts == rows), None)
            if known is None:
                known = len(self._classes)
                alike.append(known)
                self._classes.append(class_ if rows is class_.verdicts else CellClass(rows))
            side.classes[number] = known
        return known

    def _verdicts(self, side: _Side, rows: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
        """Rows with the new numbers; the same object if they are those that they have."""
        rules, sets = side.rules, side.action_sets
        if all(rules[r.rule] == r.rule and sets.get(n := r.requests.actions) == n for r in rows):
            return rows
        return tuple(
            [Verdict(r.effect, rules[r.rule], self._requests(side, r.requests)) for r in rows]
        )
