"""What two policies decide otherwise: every request, with what decides it before and after.

A cell that only one policy has is compared with a process that no rule confines; of a new
cell only what goes beyond that counts, of a removed one only what it could do beyond it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import product
from typing import Literal

from compiler.analysis.boxes import Box, real, size, without
from compiler.analysis.decisions import Claim, Decided, Decisions, cut, defaults
from compiler.analysis.frame import Frame, port_bits, port_ranges
from compiler.analysis.stack import Stack
from compiler.catalogue.voters import Socket
from compiler.ir.ir import IR, PROTOCOLS, Effect
from compiler.lowering.space import members
from compiler.record import NamedTuple

Direction = Literal["widened", "narrowed", "moved"]

_EFFECTS: tuple[Effect, ...] = ("deny", "allow", "grant")
_RESULTS = ("refused", "depends", "works")


class Answer(NamedTuple):
    """What becomes of requests under one policy."""

    effect: Effect
    rule: int | None
    """An index, None for a default."""
    result: str
    """The outcome: refused, depends or works."""


class Difference(NamedTuple):
    """Requests that are answered otherwise, and both answers."""

    box: Box
    before: Answer
    after: Answer

    @property
    def direction(self) -> Direction:
        """By the vote; by the outcome where the vote is the same; else only the rule is another."""
        was, now = (_EFFECTS.index(answer.effect) for answer in (self.before, self.after))
        if was == now:
            was, now = (_RESULTS.index(answer.result) for answer in (self.before, self.after))
        return "moved" if was == now else "widened" if was < now else "narrowed"

    @property
    def classes(self) -> int:
        """Classes of requests: of one action, of cells that are answered alike."""
        return self.box.actions.bit_count()

    @property
    def requests(self) -> int:
        return size(self.box)


_Pair = tuple[Decided, Decided]
"""The same box as both policies decide it."""


class Comparison:
    """Two policies on one frame."""

    def __init__(
        self, old: IR, new: IR, names: tuple[Sequence[Hashable], Sequence[Hashable]] | None = None
    ) -> None:
        """`names` say of the rules of both which are the same, if not their ids."""
        self._names = names or tuple([rule.id for rule in ir.rules] for ir in (old, new))
        self.frame = frame = Frame(old, new)
        self.old, self.new = Decisions(old, frame), Decisions(new, frame)
        self._stacks = Stack(old), Stack(new)
        before, after = ({cell.name for cell in ir.cells} for ir in (old, new))
        self.added = frame.subject_bits(after - before)
        """Cells that only the new policy has."""
        self.removed = frame.subject_bits(before - after)
        self._kept = frame.everybody & ~frame.root & ~self.added & ~self.removed

    def differences(self) -> list[Difference]:
        """All of them, in few boxes: widened first, then by action and subject."""
        found = [*self._by_vote(), *self._by_outcome()]
        kept = [(d[1:], box) for d in found for box in self._counted(d)]
        made = [Difference(box, *answers) for answers, box in self.frame.joined(kept)]
        return sorted(made, key=_order)

    def _counted(self, difference: Difference) -> Iterator[Box]:
        """The part that the kernel asks, of cells of which it counts."""
        box, direction = difference.box, difference.direction
        actions = box.actions & self.frame.asked
        for subjects, wanted in (
            (self._kept | self.frame.root, direction),
            (self.added, "widened"),
            (self.removed, "narrowed"),
        ):
            some = box.subjects & subjects
            if some and actions and direction == wanted:
                part = real(box._replace(subjects=some, actions=actions))
                if part is not None:
                    yield part

    # Votes

    def _by_vote(self) -> Iterator[Difference]:
        """Requests with another vote, or with the same by another rule."""
        claimed = self._claimed()
        for pair in self._pairs():
            for old, new in _outside(pair, claimed):
                yield from self._answered(old, new)
        for old, new in self._at_claims():
            yield from self._answered(old, new)

    def _same(self, old: Decided, new: Decided) -> bool:
        return old.effect == new.effect and self._name(0, old.rule) == self._name(1, new.rule)

    def _name(self, which: int, rule: int | None) -> Hashable:
        """What a rule is called, which is the same in both policies if it is the same rule."""
        return None if rule is None else self._names[which][rule]

    def _pairs(self) -> Iterator[_Pair]:
        """By classes of cells that are in one class before and in one class after.

        Rows that both classes have are passed over: rows of a class are disjoint.
        """
        for (before, after), subjects in self._classes().items():
            old, new = _within(self.old, before, subjects), _within(self.new, after, subjects)
            ours = {(r.effect, self._name(0, r.rule), r.box) for r in old}
            theirs = {(r.effect, self._name(1, r.rule), r.box) for r in new}
            old = [r for r in old if (r.effect, self._name(0, r.rule), r.box) not in theirs]
            new = [r for r in new if (r.effect, self._name(1, r.rule), r.box) not in ours]
            for row in old:
                for now in cut(row.box, new):
                    yield row._replace(box=now.box), now
            holes = [row.box for row in old]
            for row in new:
                for box in without([row.box], holes):
                    for was in defaults(box):
                        yield was, row._replace(box=was.box)

    def _classes(self) -> dict[tuple[int | None, int | None], int]:
        """Cells by their classes in both policies."""
        classes: dict[str, list[int | None]] = {}
        for which, decisions in enumerate((self.old, self.new)):
            for cell in decisions.ir.cells:
                classes.setdefault(cell.name, [None, None])[which] = cell.class_
        alike: dict[tuple[int | None, int | None], int] = {}
        for name, (before, after) in classes.items():
            key = before, after
            alike[key] = alike.get(key, 0) | self.frame.bits[name]
        return alike

    # Ports that cells listen on

    def _claimed(self) -> dict[int, int]:
        """Ports by protocol that a cell has before or after."""
        claimed = dict.fromkeys((1 << i for i in range(len(PROTOCOLS))), 0)
        for claim in (*self.old.claims, *self.new.claims):
            claimed[claim.protocol] |= claim.ports
        return claimed

    def _at_claims(self) -> Iterator[_Pair]:
        subjects = self.frame.everybody & ~self.frame.root
        whole = [box for box in self.frame.everything(subjects) if box.ports != 1]
        for protocol, ports, before, after in _segments(self.old.claims, self.new.claims):
            for box in whole:
                part = box._replace(protocols=protocol, ports=box.ports & ports)
                if before and after and self._same_claim(before, after):
                    part = part._replace(subjects=part.subjects & after.owner)
                if part.subjects and part.ports:
                    for old in self.old.by_claim(part, before):
                        for new in self.new.by_claim(old.box, after):
                            yield old._replace(box=new.box), new

    def _same_claim(self, before: Claim, after: Claim) -> bool:
        """Whether all but the owner are denied by the same rule."""
        return before.owner == after.owner and (
            self._name(0, before.rule) == self._name(1, after.rule)
        )

    # Outcomes

    def _answered(self, old: Decided, new: Decided) -> Iterator[Difference]:
        """The difference between two decisions, if there is one, by outcomes."""
        if not self._same(old, new):
            yield from self._ends(old, new)

    def _ends(self, old: Decided, new: Decided) -> Iterator[Difference]:
        """Two decisions on one box by what becomes of its requests."""
        for was, box in self._stacks[0].outcomes(old, self.frame):
            for now, part in self._stacks[1].outcomes(new._replace(box=box), self.frame):
                before = Answer(old.effect, old.rule, was.result)
                yield Difference(part, before, Answer(new.effect, new.rule, now.result))

    def _by_outcome(self) -> Iterator[Difference]:
        """Requests with the same vote by the same rule that come to another end."""
        for subjects, leaves in self._suspects():
            for box in self.frame.everything(subjects):
                if not box.actions & leaves:
                    continue
                for old in self.old.of(box._replace(actions=box.actions & leaves)):
                    for new in self.new.of(old.box):
                        if self._same(old, new):
                            both = self._ends(old._replace(box=new.box), new)
                            yield from (d for d in both if d.before.result != d.after.result)

    def _suspects(self) -> Iterator[tuple[int, int]]:
        """Cells, and the leaves of which some vote comes to another end for them."""
        frame = self.frame
        roots = [frame.subject_bits(n for n in s.as_root) for s in self._stacks]
        for before, after in product((False, True), repeat=2):
            subjects = (self._kept | frame.root) & (roots[0] if before else ~roots[0])
            subjects &= roots[1] if after else ~roots[1]
            if subjects and (before != after or self._stacks[0].host != self._stacks[1].host):
                leaves = 0
                for i in members(frame.asked):
                    if self._differs(i, before, after):
                        leaves |= 1 << i
                if leaves:
                    yield subjects, leaves

    def _differs(self, leaf: int, before: bool, after: bool) -> bool:
        """Whether some vote on a leaf has another end."""
        frame = self.frame
        known = frame.leaves[leaf]
        sockets = [Socket()]
        if known.dimension == "socket":
            words = product(frame.domains.words, frame.types.words)
            sockets = [Socket(domain, kind) for domain, kind in words]
        old, new = self._stacks
        return any(
            old.of_leaf(known, vote, before, socket).result
            != new.of_leaf(known, vote, after, socket).result
            for vote in _EFFECTS
            for socket in sockets
        )


def _within(decisions: Decisions, number: int | None, subjects: int) -> list[Decided]:
    """What the rules of a class decide for some of its cells; nothing for no class."""
    rows = []
    for row in decisions.rows(number) if number is not None else ():
        some = row.box.subjects & subjects
        box = real(row.box._replace(subjects=some)) if some else None
        if box is not None:
            rows.append(row._replace(box=box))
    return rows


def _outside(pair: _Pair, claimed: dict[int, int]) -> Iterator[_Pair]:
    """The parts of a pair that are about ports without an owner."""
    old, new = pair
    if old.box.ports == 1:
        yield pair
        return
    for protocol, ports in claimed.items():
        box = old.box._replace(protocols=old.box.protocols & protocol, ports=old.box.ports & ~ports)
        if box.protocols and box.ports:
            yield old._replace(box=box), new._replace(box=box)


_Segment = tuple[int, int, Claim | None, Claim | None]


def _segments(old: Sequence[Claim], new: Sequence[Claim]) -> Iterator[_Segment]:
    """Ports of a protocol that one claim before, one after, or both are about."""
    for protocol in (1 << i for i in range(len(PROTOCOLS))):
        sides = [[c for c in side if c.protocol == protocol] for side in (old, new)]
        bounds: dict[int, list[tuple[int, Claim | None]]] = {}
        for which, side in enumerate(sides):
            for claim in side:
                for low, high in port_ranges(claim.ports):
                    bounds.setdefault(high + 1, []).insert(0, (which, None))
                    bounds.setdefault(low, []).append((which, claim))
        now: list[Claim | None] = [None, None]
        found: dict[tuple[Claim | None, Claim | None], list[tuple[int, int]]] = {}
        last = 0
        for bound in sorted(bounds):
            if any(now):
                found.setdefault((now[0], now[1]), []).append((last, bound - 1))
            for which, now_claim in bounds[bound]:
                now[which] = now_claim
            last = bound
        for (before, after), ranges in found.items():
            yield protocol, port_bits(tuple(ranges)), before, after


def _order(difference: Difference) -> tuple[object, ...]:
    rank = ("widened", "narrowed", "moved").index(difference.direction)
    box = difference.box
    by_outcome = difference.before.effect == difference.after.effect
    return (
        rank,
        by_outcome,
        *((bits & -bits).bit_length() for bits in (box.actions, box.subjects, *box[2:])),
    )
