"""What the tests and assertions of a policy ask about: coverage of its classes, and mutants killed.

A class is all requests of one action, of cells that are decided alike, that one rule or
one default decides.  It is covered when a test or an assertion asks about one of its
requests.  A mutant is killed when a test or an assertion fails on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from compiler.analysis.boxes import Box, meet
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.influence import Influence
from compiler.analysis.mutants import Change, Folder, Mutant, difference, meanings
from compiler.analysis.patterns import pattern_boxes
from compiler.checks.assertions import asserted
from compiler.ir.ir import HOST, Effect, Request
from compiler.lowering.lower import Lowered
from compiler.lowering.space import members
from compiler.model.policy import Policy
from compiler.record import NamedTuple
from compiler.source import Span


class Coverage(NamedTuple):
    """How many classes there are, and how many are asked about."""

    classes: int
    covered: int
    by_tests: int
    by_assertions: int
    open: tuple[Decided, ...]
    """Boxes of classes that nobody asks about: one class for each leaf of a box."""

    @property
    def uncovered(self) -> Iterator[Decided]:
        """A box of each class that nobody asks about."""
        for row in self.open:
            for i in members(row.box.actions):
                yield row._replace(box=row.box._replace(actions=1 << i))

    @property
    def percent(self) -> float:
        return 100.0 * self.covered / self.classes if self.classes else 100.0


class Survivor(NamedTuple):
    """A mutant that nothing notices, and a request that would show it."""

    mutant: Mutant
    request: Request
    before: Effect
    after: Effect


_Fate = Survivor | Literal["broken", "killed", "equal"]


def _ranked(fate: _Fate) -> int:
    """What counts of mutants of one text, a template's, that is another rule in each use.

    One use that does not compile breaks the policy, and what is noticed in one is noticed.
    """
    return 2 if isinstance(fate, Survivor) else {"broken": 0, "killed": 1, "equal": 3}[fate]


class Score(NamedTuple):
    """What became of the mutants; those that change no decision, or break the policy, aside."""

    killed: int
    equal: int
    broken: int
    survivors: tuple[Survivor, ...]

    @property
    def percent(self) -> float:
        all_ = self.killed + len(self.survivors)
        return 100.0 * self.killed / all_ if all_ else 100.0


class Examiner:
    """Knows what a policy's tests and assertions ask about."""

    def __init__(self, policy: Policy, lowered: Lowered) -> None:
        self._policy = policy
        self._lowered = lowered
        self._decisions = Decisions(lowered.ir)
        frame = self._frame = self._decisions.frame
        self._tested = [
            box
            for test in policy.tests
            for case in test.cases
            for box in pattern_boxes(frame, case.pattern)
        ]
        self._asserted = [
            (assertion.kind, box)
            for assertion in policy.assertions
            if assertion.kind != "no-influence"
            for box in asserted(self._decisions, assertion)
        ]
        self._apart = [a for a in policy.assertions if a.kind == "no-influence"]

    def coverage(self) -> Coverage:
        """The classes of everybody but root on the host, whom no rule is about."""
        frame = self._frame
        tested, asserted_ = _Asked(self._tested), _Asked([box for _, box in self._asserted])
        rows: dict[tuple[int, int | None, Effect], list[Decided]] = {}
        for box in frame.everything(frame.everybody & ~frame.root):
            if not box.actions & frame.asked:
                continue
            for row in self._decisions.of(box._replace(actions=box.actions & frame.asked)):
                rows.setdefault((row.box.subjects, row.rule, row.effect), []).append(row)
        classes = by_tests = by_assertions = covered = 0
        uncovered = []
        for some in rows.values():
            leaves = in_tests = in_assertions = 0
            for row in some:
                leaves |= row.box.actions
                in_tests |= tested.leaves(row.box)
                in_assertions |= asserted_.leaves(row.box)
            classes += leaves.bit_count()
            by_tests += in_tests.bit_count()
            by_assertions += in_assertions.bit_count()
            covered += (in_tests | in_assertions).bit_count()
            left = leaves & ~in_tests & ~in_assertions
            for row in some:
                if row.box.actions & left:
                    box = row.box._replace(actions=row.box.actions & left)
                    uncovered.append(row._replace(box=box))
                    left &= ~box.actions
        return Coverage(classes, covered, by_tests, by_assertions, tuple(uncovered))

    def mutation(self) -> Score:
        """Flips, drops and widens every rule of the policy's own files that a cell has."""
        folder = Folder(self._decisions, meanings(self._policy, self._lowered.spans))
        spans = self._lowered.spans
        fates: dict[tuple[Span, str], list[_Fate]] = {}
        for mutant in folder.mutants(self._own_rules()):
            key = spans[mutant.rule], mutant.text
            fates.setdefault(key, []).append(self._fate(folder, mutant))
        all_ = [min(some, key=_ranked) for some in fates.values()]
        survivors = tuple(one for one in all_ if isinstance(one, Survivor))
        return Score(all_.count("killed"), all_.count("equal"), all_.count("broken"), survivors)

    def _fate(self, folder: Folder, mutant: Mutant) -> _Fate:
        """What becomes of one mutant."""
        new = folder.decisions(mutant)
        if new is None:
            return "broken"
        changes = list(difference(self._decisions, new, folder.touched(mutant)))
        if not changes:
            return "equal"
        if any(self._notices(c) for c in changes) or self._connected(new, changes):
            return "killed"
        first = min(changes, key=self._telling)
        return Survivor(mutant, self._frame.witness(first.box), first.before, first.after)

    def _own_rules(self) -> list[int]:
        """In the order in which they are written."""
        ir = self._lowered.ir
        spans = self._lowered.spans
        used = {r for cell in ir.cells for layer in cell.layers for r in ir.layers[layer].rules}
        return sorted((i for i in used if not spans[i].file.startswith("<")), key=spans.__getitem__)

    def _notices(self, change: Change) -> bool:
        """Whether a test, or an assertion about decisions, fails by a change."""
        if any(meet(change.box, box) for box in self._tested):
            return True  # it passed before, so it expects what was decided before
        denied, denies = change.before == "deny", change.after == "deny"
        return any(
            (denies if kind == "always" else denied)
            and denied != denies
            and meet(change.box, box) is not None
            for kind, box in self._asserted
        )

    def _connected(self, new: Decisions, changes: Sequence[Change]) -> bool:
        """Whether a change opens a way that `~>` rules out."""
        if not self._apart or all(c.after == "deny" for c in changes):
            return False
        influence = Influence(new)
        return any(
            influence.path(source, target)
            for assertion in self._apart
            for source in assertion.subjects
            for target in assertion.others
            if source != target
        )

    def _telling(self, change: Change) -> tuple[int, ...]:
        """The most telling change first: one that opens, of a cell, of a low port."""
        box = change.box
        opens = change.before == "deny"
        of_host = box.subjects == self._frame.bits[HOST]
        return (not opens, of_host, *((bits & -bits).bit_length() for bits in box))


class _Asked:
    """Boxes that somebody asks about, by the leaves in them."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._boxes: dict[int, list[Box]] = {}
        for box in boxes:
            self._boxes.setdefault(box.actions, []).append(box)

    def leaves(self, box: Box) -> int:
        """The leaves of a box of which some request is asked about."""
        found = 0
        for actions, boxes in self._boxes.items():
            if box.actions & actions & ~found and any(meet(box, other) for other in boxes):
                found |= box.actions & actions
        return found


def missing_tests(score: Score) -> Iterator[Survivor]:
    """One survivor for each request that would show it and others: tests to be written."""
    seen = set()
    for survivor in score.survivors:
        line = (survivor.request, survivor.before)
        if line not in seen:
            seen.add(line)
            yield survivor
