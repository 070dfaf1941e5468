"""`cellc upgrade`: what another release of NetBSD changes for a policy."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from compiler.analysis.compare import Answer, Comparison, Difference
from compiler.analysis.read import RequestReader
from compiler.analysis.upgrade import (
    Asked,
    RuleChange,
    Upgrade,
    asked_by,
    defaults,
    nodes,
    providers,
)
from compiler.analysis.wording import Wording
from compiler.commands.output import print_findings
from compiler.driver import Compilation, Program, compile_policy
from compiler.lowering.problems import request_text
from compiler.lowering.space import members
from compiler.names.project import policy_root
from compiler.source import Source
from compiler.sourcemap import hex_id, place, rule_names
from compiler.syntax import tree as t

UpgradeFormat = Literal["text", "json", "markdown"]

Record = dict[str, Any]


def upgrade(
    path: Path, old: str | None, new: str, today: datetime.date, format: UpgradeFormat
) -> int:
    """Prints what changes; the exit status, 1 when the policy has errors for the new release."""
    first = compile_policy(path, today)
    root = policy_root(path)
    if first.program is None:
        print_findings(first.diagnostics, first.sources, root)
        return 1
    written = first.program.ir.target
    before = first if old in (None, written) else _for_release(path, first, old or "", today)
    after = first if new == written else _for_release(path, first, new, today)
    if before.decided is None:
        print_findings(before.diagnostics, before.sources, root)
        return 1
    from compiler.commands.upgrade_report import report

    records = list(_catalogue(before.decided, before.decided.ir.target, new))
    print_findings(after.diagnostics, after.sources, root)
    if after.decided is not None:
        records = [*_decisions(before, after), *records]
    sys.stdout.write(report(records, before.decided.ir.target, new, after.failed, format))
    return int(after.failed)


def _for_release(path: Path, first: Compilation, release: str, today: datetime.date) -> Compilation:
    """The policy as if its `target` named another release."""
    assert first.program is not None
    main = first.program.definitions.files[-1]
    text = main.source.text
    for statement in main.statements:
        node = statement.node
        if isinstance(node, t.Header) and node.word == "target":
            span = node.value.span
            text = text[: span.start] + release + text[span.end :]
            break
    return compile_policy(path, today, texts={main.source.name: text})


def _catalogue(program: Program, old: str, new: str) -> list[Record]:
    """What comes and goes besides decisions."""
    gone = asked_by(old).keys() - asked_by(new).keys()
    found: list[Record] = [{"kind": "removed", "action": name} for name in sorted(gone)]
    found += [
        {
            "kind": "sysctl",
            "node": change.node.name,
            "comes": change.comes,
            "set": change.is_set,
            "default": change.node.default or None,
            "hardened": change.node.hardened,
            "summary": change.node.summary,
            "votes_on": list(change.switches),
        }
        for change in nodes(old, new, program)
    ]
    found += _defaults(program, old, new)
    found += [
        {"kind": "provider", "provider": name, "comes": comes}
        for name, comes in providers(old, new, program)
    ]
    return found


def _defaults(program: Program, old: str, new: str) -> Iterator[Record]:
    """Defaults that change, and how many are not known well enough to tell."""
    found = defaults(old, new, program)
    for change in found.changed:
        yield {
            "kind": "default",
            "node": change.node.name,
            "before": change.before,
            "after": change.after,
            "set": change.value,
            "effect": change.effect,
            "hardened": change.node.hardened,
            "summary": change.node.summary,
            "votes_on": list(change.switches),
        }
    if found.unknown and old != new:
        yield {
            "kind": "unestablished",
            "compared": found.compared,
            "changed": len(found.changed),
            "unknown": list(found.unknown),
            "set": list(found.unknown_set),
        }


def _decisions(before: Compilation, after: Compilation) -> list[Record]:
    """What decides new actions, rules about other actions, and requests decided otherwise."""
    old, new = before.program, after.program
    assert old is not None
    assert new is not None
    names = rule_names(old, before.sources), rule_names(new, after.sources)
    comparison = Comparison(old.ir, new.ir, names)
    found = Upgrade(old.ir, new.ir, comparison)
    shown = _Shown(old, new, before.sources, after.sources, comparison)
    return [
        *(record for asked in found.asked() for record in shown.asked(asked)),
        *(shown.rule(change) for change in found.rules(names)),
        *(record for d in found.decided_otherwise() for record in shown.difference(d)),
    ]


class _Shown:
    """Makes records of what was found."""

    def __init__(
        self,
        old: Program,
        new: Program,
        before: Mapping[str, Source],
        after: Mapping[str, Source],
        comparison: Comparison,
    ) -> None:
        self._sides = (old, before), (new, after)
        self._frame = comparison.frame
        self._wording = Wording(self._frame, RequestReader(new, self._frame).groups)

    def asked(self, asked: Asked) -> Iterator[Record]:
        row = asked.decided
        for text, box in self._wording.patterns(row.box):
            leaves = (self._frame.leaves[i] for i in members(box.actions))
            yield {
                "kind": "new",
                "request": text,
                "actions": {leaf.name: leaf.summary for leaf in leaves},
                "decision": row.effect,
                "outcome": asked.result,
                "rule": self._rule(1, row.rule),
            }

    def rule(self, change: RuleChange) -> Record:
        return {
            "kind": "rule",
            "rule": self._rule(0, change.old),
            "gains": list(change.gains),
            "loses": list(change.loses),
            "dead": change.dead,
        }

    def difference(self, difference: Difference) -> Iterator[Record]:
        for text, box in self._wording.patterns(difference.box):
            yield {
                "kind": "decision",
                "direction": difference.direction,
                "request": text,
                "witness": request_text(self._frame.witness(box)),
                "before": self._answer(0, difference.before),
                "after": self._answer(1, difference.after),
            }

    def _answer(self, which: int, answer: Answer) -> Record:
        rule = self._rule(which, answer.rule)
        return {"decision": answer.effect, "outcome": answer.result, "rule": rule}

    def _rule(self, which: int, index: int | None) -> Record | None:
        program, sources = self._sides[which]
        if index is None:
            return None
        rule = program.ir.rules[index]
        return {"id": hex_id(rule.id), **place(program.spans[index], sources)}
