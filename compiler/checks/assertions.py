"""Checks the assertions of a policy on every request they are about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.frame import ON_HOST
from compiler.analysis.influence import Influence
from compiler.analysis.patterns import pattern_boxes
from compiler.diagnostics import Diagnostics, Related
from compiler.lowering.lower import Lowered
from compiler.lowering.problems import request_text
from compiler.model.policy import Assertion, Policy

_SHOWN = 5


def check_assertions(
    policy: Policy, lowered: Lowered, found: Diagnostics, cells: Collection[str] | None = None
) -> None:
    """Reports every assertion that does not hold, with a request that breaks it.

    `cells` are those whose decisions are looked at, where all hold for the others; None is all.
    """
    checker = _Checker(lowered, found, cells)
    for assertion in policy.assertions:
        if assertion.kind == "no-influence":
            checker.influence(assertion)
        else:
            checker.decisions(assertion)


def asserted(decisions: Decisions, assertion: Assertion) -> list[Box]:
    """The requests that an assertion about decisions speaks of."""
    assert assertion.pattern is not None
    frame = decisions.frame
    subjects = frame.subject_bits(assertion.subjects)
    if assertion.kind == "only":
        subjects = frame.everybody & ~frame.root & ~subjects
    return pattern_boxes(frame, assertion.pattern, subjects) if subjects else []


def breaking(decisions: Decisions, boxes: Iterable[Box], assertion: Assertion) -> Iterator[Decided]:
    """What of some requests is decided otherwise than an assertion demands."""
    denied = assertion.kind != "always"
    for row in decisions.of(boxes):
        if (row.effect == "deny") != denied:
            yield row


class _Checker:
    def __init__(self, lowered: Lowered, found: Diagnostics, cells: Collection[str] | None) -> None:
        self._lowered = lowered
        self._found = found
        self._cells = cells
        self._decisions = Decisions(lowered.ir)
        self._influence = Influence(self._decisions)

    def decisions(self, assertion: Assertion) -> None:
        frame = self._decisions.frame
        boxes = asserted(self._decisions, assertion)
        broken = list(breaking(self._decisions, self._looked_at(boxes), assertion))
        if broken:
            subjects = 0
            for row in broken:
                subjects |= row.box.subjects
            # The first subject as written, and of that the first request.
            names = [n for n in assertion.subjects if frame.bits[n] & subjects]
            cells = subjects & ~ON_HOST or subjects
            first = frame.bits[names[0]] if names else cells & -cells
            row = min((r for r in broken if r.box.subjects & first), key=_order)
            witness = row._replace(box=row.box._replace(subjects=first))
            self._broken(assertion, witness, frame.subject_names(subjects & ~first))
        elif not boxes and assertion.subjects:
            self._found.warning(
                "TST001",
                "the kernel never asks what this assertion is about",
                assertion.span,
                "it always holds; name another action or condition",
            )

    def _looked_at(self, boxes: list[Box]) -> list[Box]:
        if self._cells is None:
            return boxes
        cells = self._decisions.frame.subject_bits(self._cells)
        return [box._replace(subjects=both) for box in boxes if (both := box.subjects & cells)]

    def _broken(self, assertion: Assertion, row: Decided, others: tuple[str, ...]) -> None:
        related = []
        if row.rule is not None:
            related.append(Related(self._lowered.spans[row.rule], f"this {row.effect} decides it"))
        by = "" if row.rule is not None else " by default"
        verdict = {"deny": "denied", "allow": "allowed", "grant": "granted"}[row.effect]
        help = "change the rules, or the assertion if it asks too much"
        if others:
            shown = ", ".join(f"`{name}`" for name in others[:_SHOWN])
            more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
            help += f"; it is also broken for {shown}{more}"
        request = request_text(self._decisions.frame.witness(row.box))
        self._found.error(
            "E0607",
            f"assertion broken: `{request}` is {verdict}{by}",
            assertion.span,
            help,
            related,
        )

    def influence(self, assertion: Assertion) -> None:
        for source in assertion.subjects:
            for target in assertion.others:
                path = None if source == target else self._influence.path(source, target)
                if path is not None:
                    related = [
                        Related(self._lowered.spans[step.rule], f"lets `{step.source}` do so")
                        for step in path
                        if step.rule is not None
                    ]
                    self._found.error(
                        "E0608",
                        f"assertion broken: `{source}` can influence `{target}`",
                        assertion.span,
                        "cut one of: " + ", ".join(step.text for step in path),
                        related,
                    )
                    return


def _order(row: Decided) -> tuple[int, ...]:
    """By the first leaf, then the first target, port and so on."""
    return tuple((bits & -bits).bit_length() for bits in row.box[1:])
