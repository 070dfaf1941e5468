"""What a policy decides, as boxes: the primitive that questions about a policy are made of.

`Decisions(ir).of(box)` cuts any set of requests into disjoint boxes, each decided by
one rule or one default.  Work grows with the classes of cells and with the ports they
listen on, not with the number of requests.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence

from compiler.analysis.boxes import Box, meet, minus, real
from compiler.analysis.frame import OWN, Frame, port_bits
from compiler.ir.ir import IR, PROTOCOLS, Effect, RequestSet, Verdict
from compiler.ir.requests import Words, words_of_rules
from compiler.record import NamedTuple


class Decided(NamedTuple):
    """Requests that are decided alike; `rule` (an index) is None for a default."""

    box: Box
    effect: Effect
    rule: int | None


class Claim(NamedTuple):
    """Ports of a protocol that belong to a cell."""

    protocol: int
    ports: int
    owner: int
    rule: int


class Decisions:
    """Answers for one policy; `frame` is shared where policies are compared."""

    def __init__(self, ir: IR, frame: Frame | None = None, words: Words | None = None) -> None:
        """`words` are those that "other" in verdicts stands beside, if not those of the rules."""
        self.ir = ir
        self.frame = frame = frame or Frame(ir)
        self._given_words = words
        self._actions = [sum(frame.leaf_bits[n] for n in names) for names in ir.action_sets]
        self.members = [0] * len(ir.classes)
        """The cells of each class."""
        for cell in ir.cells:
            self.members[cell.class_] |= frame.bits[cell.name]
        self._cells = {frame.bits[cell.name].bit_length(): cell for cell in ir.cells}
        """By the place of their bit."""
        self.claims = [
            Claim(1 << PROTOCOLS.index(r.protocol), port_bits(r.ports), frame.bits[r.cell], r.rule)
            for r in ir.reservations
        ]
        self._classes: dict[int, Sequence[Decided]] = {}
        self._alike: dict[int, list[Box]] = {}
        """By the identity of request sets, which live as long as the IR: those that hold the
        same for all subjects, with those of one."""

    @functools.cached_property
    def _words(self) -> Words:
        return self._given_words or words_of_rules(self.ir.rules)

    @functools.cached_property
    def _reserved(self) -> list[tuple[int, int]]:
        """Ports by protocol that belong to some cell."""
        reserved = dict.fromkeys((1 << i for i in range(len(PROTOCOLS))), 0)
        for claim in self.claims:
            reserved[claim.protocol] |= claim.ports
        return list(reserved.items())

    def of(self, boxes: Box | Iterable[Box], foreign: bool = True) -> Iterator[Decided]:
        """Some disjoint boxes, cut into what is decided alike.

        Without `foreign`, ports are left out that another cell than the subject listens on:
        they are denied, and may be many.
        """
        if not isinstance(boxes, Box):
            for box in boxes:
                yield from self.of(box, foreign)
            return
        box = boxes
        root = self.frame.root
        if box.subjects & root:
            yield Decided(box._replace(subjects=root), "allow", None)
            box = box._replace(subjects=box.subjects & ~root)
        if not box.subjects:
            return
        if box.ports == 1 or not self.claims:
            yield from self._by_class(box, ())
            return
        for claim in self.claims:
            if foreign or box.subjects & claim.owner:
                yield from self._claimed(box, claim, foreign)
        for protocol, ports in self._reserved:
            free = box._replace(protocols=box.protocols & protocol, ports=box.ports & ~ports)
            if free.protocols and free.ports:
                yield from self._by_class(free, ())

    def _claimed(self, box: Box, claim: Claim, foreign: bool = True) -> Iterator[Decided]:
        """The part of a box that is about ports which one cell listens on."""
        protocols, ports = box.protocols & claim.protocol, box.ports & claim.ports
        if not protocols or not ports:
            return
        box = box._replace(protocols=protocols, ports=ports)
        others = box.subjects & ~claim.owner
        if others and foreign:
            yield Decided(box._replace(subjects=others), "deny", claim.rule)
        if box.subjects & claim.owner:
            own = box._replace(subjects=claim.owner)
            owned = self._cells[claim.owner.bit_length()].owned
            yield from self._by_class(own, self._rows(owned, claim.owner))

    def _by_class(self, box: Box, owned: Sequence[Decided]) -> Iterator[Decided]:
        """What verdicts of classes say about a box, `owned` before them; defaults for the rest."""
        rest = box.subjects
        alone = None if rest & (rest - 1) else self._cells.get(rest.bit_length())
        numbers = range(len(self.members)) if alone is None else (alone.class_,)
        for number in numbers:
            some = rest & self.members[number]
            part = real(box._replace(subjects=some)) if some else None
            rest &= ~some
            if part is not None:
                rows = self._rows_about(number, part.actions)
                yield from cut(part, (*owned, *rows) if owned else rows)
        part = real(box._replace(subjects=rest)) if rest else None
        if part is not None:
            yield from defaults(part)

    def _rows_about(self, number: int, actions: int) -> Sequence[Decided]:
        """The rows of a class, or those about some actions if the others are not made yet."""
        if number in self._classes:
            return self._classes[number]
        verdicts = self.ir.classes[number].verdicts
        about = [v for v in verdicts if self._actions[v.requests.actions] & actions]
        if 2 * len(about) > len(verdicts):
            return self.rows(number)
        return self._rows(about, self.members[number])

    def rows(self, number: int) -> Sequence[Decided]:
        """What the rules of a class decide; what no row holds is decided by default."""
        made = self._classes.get(number)
        if made is None:
            verdicts = self.ir.classes[number].verdicts
            made = self._classes[number] = self._rows(verdicts, self.members[number])
        return made

    def by_claim(self, box: Box, claim: Claim | None) -> Iterator[Decided]:
        """A box that lies within one claim, or outside of all of them."""
        if claim is None:
            yield from self._by_class(box, ())
        else:
            yield from self._claimed(box, claim)

    def _rows(self, verdicts: Iterable[Verdict], subjects: int) -> list[Decided]:
        return [
            Decided(box, v.effect, v.rule)
            for v in verdicts
            for box in self.boxes(v.requests, subjects)
        ]

    def boxes(self, requests: RequestSet, subjects: int) -> list[Box]:
        """The requests of some subjects that a set of this IR holds."""
        actions = self._actions[requests.actions]
        if not subjects or self.frame.carries_target(actions):
            return self.frame.boxes(subjects, actions, requests, self._words)
        known = self._alike.get(id(requests))
        if known is None:
            known = self.frame.boxes(subjects, actions, requests, self._words)
            self._alike[id(requests)] = known
        return [box._replace(subjects=subjects) for box in known]


def cut(box: Box, rows: Sequence[Decided]) -> Iterator[Decided]:
    """The first row that holds a request decides it."""
    left = [box]
    for row in rows:
        if not row.box.actions & box.actions:
            continue
        rest = []
        for piece in left:
            both = meet(piece, row.box)
            if both is None:
                rest.append(piece)
            else:
                yield row._replace(box=both)
                rest += minus(piece, both)
        left = rest
        if not left:
            return
    for piece in left:
        yield from defaults(piece)


def defaults(box: Box) -> Iterator[Decided]:
    """Process requests that cross a border are denied, all else is allowed."""
    if box.targets & OWN:
        yield Decided(box._replace(targets=OWN), "allow", None)
    crossing = box.targets & ~OWN
    if crossing:
        yield Decided(box._replace(targets=crossing), "deny", None)
