"""`cellc diff`: what two policies decide and set otherwise."""

from __future__ import annotations

import datetime
import sys
from typing import Literal

from compiler.analysis.compare import Comparison, Difference
from compiler.analysis.read import RequestReader
from compiler.analysis.reasons import Reasons
from compiler.analysis.settings import SettingChange, changes, items
from compiler.analysis.wording import Wording
from compiler.commands.diff_rows import DecisionRow, Rows, SettingRow, Sourced
from compiler.commands.sides import Side, UsageProblemError, places, read
from compiler.ir.ir import HOST_ROOT
from compiler.lowering.problems import request_text
from compiler.render.text import visible
from compiler.revisions import RevisionError
from compiler.sourcemap import hex_id, place, rule_names

DiffFormat = Literal["text", "json", "markdown", "sarif"]

#: The exit status for a widening without a reason.
UNJUSTIFIED = 3


def diff(
    old: str, new: str | None, today: datetime.date, format: DiffFormat, most: int | None
) -> int:
    """Prints what is another; the exit status.  Text shows `most` rows of a kind, None is all."""
    try:
        before, after = places(old, new)
        sides = read(before, today, past=True), read(after, today, past=False)
    except (UsageProblemError, RevisionError) as problem:
        sys.stderr.write(f"cellc: {visible(str(problem))}\n")
        return 2
    if sides[0] is None or sides[1] is None:
        return 1
    rows = compared(sides[0], sides[1])
    if format == "sarif":
        from compiler.commands.diff_findings import print_sarif

        print_sarif(rows, sides[1])
    else:
        from compiler.commands.diff_report import report

        sys.stdout.write(report(rows, format, most))
    return 1 if sides[1].broken else UNJUSTIFIED if rows.unjustified else 0


def compared(old: Side, new: Side) -> Rows:
    """Everything that is another in two policies."""
    return _Compared(old, new).rows()


class _Compared:
    def __init__(self, old: Side, new: Side) -> None:
        self._sides = old, new
        self._reasons = Reasons(new.program)
        names = rule_names(old.program, old.sources), rule_names(new.program, new.sources)
        self._comparison = Comparison(old.program.ir, new.program.ir, names)
        # An old id is no news where the other policy was never built.
        ids = [side.ids for side in self._sides]
        if None in ids:
            ids = [None, None]
        both = [items(s.program, i) for s, i in zip(self._sides, ids, strict=True)]
        self._changes = changes(both[0], both[1])
        reader = RequestReader(new.program, self._comparison.frame)
        self._wording = Wording(self._comparison.frame, reader.groups)

    def rows(self) -> Rows:
        decisions = [
            row
            for difference in self._comparison.differences()
            for row in self._of_difference(difference)
        ]
        settings = [self._of_setting(change) for change in self._changes]
        labels = self._sides[0].label, self._sides[1].label
        return Rows(*labels, tuple(decisions), tuple(settings))

    def _of_difference(self, difference: Difference) -> list[DecisionRow]:
        before = self._rule(0, difference.before.rule)
        after = self._rule(1, difference.after.rule)
        found = []
        for text, box in self._wording.patterns(difference.box):
            part = difference._replace(box=box)
            witness = request_text(self._comparison.frame.witness(box))
            reason = after.reason if after else None
            if reason is None and difference.before.effect == difference.after.effect:
                reason = self._reason_of_outcome(part)
            found.append(
                DecisionRow(
                    difference.direction,
                    text,
                    witness,
                    difference.before,
                    difference.after,
                    before,
                    after,
                    reason,
                    part.classes,
                    part.requests,
                )
            )
        return found

    def _rule(self, which: int, index: int | None) -> Sourced | None:
        """A rule with its place; None for a default."""
        if index is None:
            return None
        side = self._sides[which]
        span = side.program.spans[index]
        reason = self._reasons.at(span) if which else None
        where = place(span, side.sources)
        return Sourced(hex_id(side.program.ir.rules[index].id), where, reason, span)

    def _reason_of_outcome(self, difference: Difference) -> str | None:
        """Why requests come to another end without another vote: by users and the host."""
        names = set(self._comparison.frame.subject_names(difference.box.subjects)) - {HOST_ROOT}
        causes = [
            change
            for change in self._changes
            if (change.key.kind == "user" and change.key.cell in names)
            or change.key.kind in ("securelevel", "sysctl")
        ]
        reasons = [self._reasons.at(c.after.span if c.after else None) for c in causes]
        given = [reason for reason in reasons if reason is not None]
        return "; ".join(dict.fromkeys(given)) if given and len(given) == len(reasons) else None

    def _of_setting(self, change: SettingChange) -> SettingRow:
        spans = [item.span if item else None for item in (change.before, change.after)]
        where = [
            None if span is None else place(span, side.sources)
            for span, side in zip(spans, self._sides, strict=True)
        ]
        return SettingRow(change, where[0], where[1], self._reasons.at(spans[1]))
