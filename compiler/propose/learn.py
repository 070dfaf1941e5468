"""The smallest opening that lets pass what a log says was denied."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from compiler.analysis.audit import AuditLine, audit_line, useless
from compiler.analysis.boxes import Box, meet
from compiler.analysis.compare import Difference
from compiler.analysis.frame import Frame
from compiler.analysis.stack import Stack
from compiler.catalogue.actions import load
from compiler.driver import Compilation
from compiler.ir.ir import HOST, Effect, Request
from compiler.lint.edits import without
from compiler.lint.rule import Edit
from compiler.lowering.problems import request_text
from compiler.lowering.rule_ids import on_one_line
from compiler.names.text import quote
from compiler.propose.places import Place, Places, Wanted
from compiler.propose.trial import Proposal, Refused, Trial, Tried
from compiler.propose.wording import conditions, insertion
from compiler.record import NamedTuple

_EFFECTS: tuple[Effect, ...] = ("deny", "allow", "grant")


class Left(NamedTuple):
    """What a log tells of that no rule is proposed for, and why."""

    text: str
    why: str


class Opening(NamedTuple):
    """What is proposed."""

    texts: Mapping[str, str]
    """The files that change, anew."""
    proposals: Sequence[Proposal]
    refused: Sequence[Refused]
    left: Sequence[Left]
    apart: Sequence[str]
    """Profiles and templates of which several cells need the same, and why it is not put there."""
    wanted: Sequence[Wanted]
    """Those that would pass."""
    opened: Sequence[Difference]
    """All that would be possible and is not now, what is not in the log included."""
    frame: Frame
    unread: int
    """Denials that the kernel only counted, for there were too many to log."""


def learn(
    path: Path,
    first: Compilation,
    log: Iterable[str],
    today: datetime.date,
    reason: str | None,
) -> Opening:
    """What to add to a policy that compiles; `reason` goes before each new rule."""
    return _Learning(path, first, today, reason).run(log)


class _Learning:
    def __init__(
        self, path: Path, first: Compilation, today: datetime.date, reason: str | None
    ) -> None:
        self._trial = Trial(path, first, today)
        self._program = self._trial.program
        self._reason = reason
        self._ir = ir = self._program.ir
        self._cells = {cell.name: cell for cell in ir.cells}
        self._leaves = load(ir.target).by_name
        self._stack = Stack(ir)
        self._decider = self._program.lowered.decider
        self._frame = Frame(ir)
        self._left: dict[Left, None] = {}
        self._unread = 0

    def run(self, log: Iterable[str]) -> Opening:
        wanted = list(self._wanted(log))
        places = Places(self._program, self._lines)
        chosen, apart = places.least(wanted)
        proposals: list[Proposal] = []
        passing: list[Wanted] = []
        refused: list[Refused] = []
        rest, why = self._together(chosen, proposals, passing)
        apart += [f"{place.scope}: {why[place]}" for place in rest if place.shared]
        # What does not go where cells share it is tried in each of them, then request by
        # request, then by turning rules around.
        again = places.own(one for place in rest if place.shared for one in place.wanted)
        rest = [place for place in rest if not place.shared]
        rest += self._together(again, proposals, passing)[0]
        for one in (one for place in rest for one in place.wanted):
            done, problem = self._alone(proposals, one)
            if done is None:
                refused.append(problem)
            else:
                proposals.append(done)
                passing.append(one)
        tried = self._trial.of(proposals) if proposals else None
        assert not isinstance(tried, str)
        opened = [d for d in tried.differences if d.direction == "widened"] if tried else []
        texts = self._trial.texts(e for p in proposals for e in p.edits) or {}
        frame = tried.comparison.frame if tried else self._frame
        left = tuple(self._left)
        return Opening(texts, proposals, refused, left, apart, passing, opened, frame, self._unread)

    def _together(
        self, places: Sequence[Place], proposals: list[Proposal], passing: list[Wanted]
    ) -> tuple[list[Place], dict[Place, str]]:
        """Takes what goes with the rest; the places of what does not, and why."""
        whole = {self._rules(place): place for place in places}

        def objection(tried: Tried, added: Sequence[Proposal]) -> str:
            passes = all(self._passes(tried, one) for p in added for one in whole[p].wanted)
            return "" if passes else "another rule denies it all the same"

        kept, refused = self._trial.accepted(list(whole), objection, proposals)
        proposals += kept
        passing += [one for proposal in kept for one in whole[proposal].wanted]
        why = {whole[one.proposal]: one.why for one in refused}
        return list(why), why

    # What the log asks for

    def _wanted(self, log: Iterable[str]) -> Iterator[Wanted]:
        """Requests that are denied and could pass, each once, by a vote that all callers pass."""
        seen: set[tuple[Request, bool]] = set()
        needed: dict[Request, Effect] = {}
        for text in log:
            line = audit_line(text)
            if line is None:
                continue
            self._unread += line.suppressed
            request = line.request
            told = request, line.uid == 0
            if told in seen and line.limit is None:
                continue
            why = self._why_not(line)
            if why:
                self._left[Left(request_text(request), why)] = None
                continue
            seen.add(told)
            decision = self._decider.decide(request)
            if decision.effect == "deny":
                effect = self._needed(line)
                if effect is None:
                    what = "the other models of the kernel refuse it, whatever this policy says"
                    self._left[Left(request_text(request), what)] = None
                elif needed.get(request) != "grant":
                    needed[request] = effect
        yield from (Wanted(request, effect) for request, effect in needed.items())

    def _why_not(self, line: AuditLine) -> str:
        """Why no rule could help, as far as that is plain from the line."""
        request = line.request
        if why := useless(line, self._cells, self._leaves):
            return why
        if line.limit is not None:
            return f"the limit `{line.limit}` was reached; raise it if that is right"
        if request.subject == HOST:
            return "rules are for cells: what the host may do is no matter of rules"
        if (rule := self._decider.decide(request).rule) is not None:
            decided = self._ir.rules[rule]
            if decided.final:
                return f"a final rule of {self._program.scopes[rule]} denies it"
            if decided.listen:
                return f"the port belongs to another cell ({self._program.scopes[rule]})"
        return ""

    def _needed(self, line: AuditLine) -> Effect | None:
        """The least vote by which the request works, or may; None if there is none."""
        is_root = line.uid == 0
        scope = self._leaves[line.request.action].scope
        for effect in ("allow", "grant") if scope != "vnode" else ("allow",):
            vote: Effect = "allow" if effect == "allow" else "grant"
            if self._stack.outcome(line.request, vote, is_root).result != "refused":
                return vote
        return None

    # Rules

    def _rules(self, place: Place) -> Proposal:
        """The rules of one place, as few as hold what is wanted there."""
        first = place.cells[0]
        some = [one for one in place.wanted if one.request.subject == first]
        return self._proposal(place, self._written(first, some, place.shared, True))

    def _proposal(self, place: Place, written: Iterable[tuple[Effect, str]]) -> Proposal:
        rules = list(written)
        shown = [self._annotated(rule, effect, "") for effect, rule in rules]
        filled = [self._annotated(rule, effect, "to be filled in") for effect, rule in rules]
        source = self._trial.first.sources[place.span.file]
        text = f"{place.scope}: {' '.join(shown)}"
        if place.shared:
            text += f" (for {', '.join(place.cells)})"
        edits = (insertion(source, place.span, shown),)
        return Proposal(text, edits, (insertion(source, place.span, filled),))

    def _lines(self, cell: str, some: Sequence[Wanted], shared: bool) -> list[str]:
        return [
            self._annotated(rule, effect, "")
            for effect, rule in self._written(cell, some, shared, True)
        ]

    def _written(
        self, cell: str, some: Sequence[Wanted], shared: bool, merged: bool
    ) -> Iterator[tuple[Effect, str]]:
        """Rules with their effects; in a body that cells share, each calls itself `self`."""
        for effect in _EFFECTS[1:]:
            requests = [one.request for one in some if one.effect == effect]
            itself = [r for r in requests if shared and r.target == cell]
            others = [r for r in requests if not (shared and r.target == cell)]
            for words in conditions(self._frame, map(self._frame.point, others), merged):
                yield effect, f"{effect} {words};"
            for words in conditions(self._frame, map(self._frame.point, itself), merged):
                named = words.removesuffix(f" to {cell}")
                yield effect, f"{effect} {named}{'' if named == words else ' to self'};"

    def _annotated(self, rule: str, effect: Effect, blank: str) -> str:
        """A rule after its reason; a grant without one does not compile until it is given."""
        if self._reason is not None:
            return f"@reason {quote(self._reason)} {rule}"
        return f"@reason {quote(blank)} {rule}" if effect == "grant" else rule

    def _alone(self, kept: Sequence[Proposal], one: Wanted) -> tuple[Proposal | None, Refused]:
        """The proposal for one request that goes with others, or why there is none."""
        cell = one.request.subject
        place = Place(f"cell {cell}", self._program.definitions.cells[cell].span, (one,))
        first = self._proposal(place, self._written(cell, [one], False, False))
        refused = Refused(first, "")
        for proposal in (first, *self._turned(one)):
            tried = self._trial.of([*kept, proposal])
            if not isinstance(tried, str) and self._passes(tried, one):
                return proposal, refused
            if not refused.why:
                why = tried if isinstance(tried, str) else "another rule denies it all the same"
                refused = Refused(proposal, why)
        return None, refused

    def _passes(self, tried: Tried, one: Wanted) -> bool:
        effect = tried.program.lowered.decider.decide(one.request).effect
        return _EFFECTS.index(effect) >= _EFFECTS.index(one.effect)

    def _turned(self, one: Wanted) -> Iterator[Proposal]:
        """The rule of the cell's own body that denies just this, turned around.

        The reason for the denial is none for its opposite and goes.
        """
        rule = self._decider.decide(one.request).rule
        cell = one.request.subject
        if rule is None or self._program.scopes[rule] != f"cell {cell}":
            return
        span = self._program.spans[rule]
        source = self._trial.first.sources[span.file]
        before, found, after = source.text[span.start : span.end].partition("deny")
        if found:
            turned = f"{before}{one.effect}{after}"
            said = self._annotated(on_one_line(turned), one.effect, "")
            old = self._trial.annotations.get(span, ())
            gone = [without(source, a.span) for a in old if a.name == "reason"]
            shown, filled = (
                (*gone, Edit(span, self._annotated(turned, one.effect, blank)))
                for blank in ("", "to be filled in")
            )
            yield Proposal(f"cell {cell}: {said}", shown, filled)


def beyond(opening: Opening) -> int:
    """How many requests would be possible that the log does not tell of."""
    points = {opening.frame.point(w.request) for w in opening.wanted}
    total = sum(d.requests for d in opening.opened)
    return total - sum(_held(point, opening.opened) for point in points)


def _held(point: Box, opened: Sequence[Difference]) -> bool:
    return any(meet(point, d.box) for d in opened)
