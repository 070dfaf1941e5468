"""Explains decisions: rule, chain, what was overridden, and who else votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.analysis.audit import AuditLine, audit_line
from compiler.analysis.read import RequestReader
from compiler.analysis.stack import Stack
from compiler.catalogue.voters import Outcome
from compiler.diagnostics import Diagnostics, nearest
from compiler.driver import Program
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST, HOST_ROOT, Decision, Request
from compiler.ir.requests import catalogue, matches
from compiler.lowering.problems import request_text
from compiler.source import Source, Span
from compiler.sourcemap import hex_id, place

_Json = dict[str, Any]


class Explainer:
    """Answers requests as people write them, for one compiled policy."""

    def __init__(self, program: Program, sources: Mapping[str, Source]) -> None:
        self._program = program
        self._ir = program.ir
        self._sources = sources
        self._evaluator = Evaluator(program.ir)
        self._stack = Stack(program.ir)
        self._reader = RequestReader(program)
        self._cells = [cell.name for cell in program.ir.cells]
        self._actions = {leaf.name for leaf in catalogue(program.ir).leaves}

    def explain(self, text: Source, found: Diagnostics) -> _Json | None:
        """What `--format json` prints for one request or audit line; None after a diagnostic."""
        logged = audit_line(text.text)
        if logged is not None:
            return self._logged(logged, text, found)
        pattern = self._reader.read(text, found)
        if pattern is None:
            return None
        return self._whole(text.text.strip(), self._reader.requests(text, pattern, found))

    def _logged(self, line: AuditLine, text: Source, found: Diagnostics) -> _Json | None:
        """Explains a denial that the kernel logged, as this policy has it."""
        request = line.request
        span = Span(text.name, 0, len(text.text))
        if request.subject not in (HOST, *self._cells):
            names = [HOST, *self._cells]
            help = nearest(request.subject, names) or "is this the policy the host runs?"
            found.error("E0228", f"no cell is called `{request.subject}`", span, help)
            return None
        if request.action not in self._actions:
            help = "the kernel has an action that the catalogue of the target lacks"
            found.error("E0406", f"there is no action `{request.action}`", span, help)
            return None
        decision = self._evaluator.decide(request)
        known = {rule.id for rule in self._ir.rules}
        ours = None if decision.rule is None else self._ir.rules[decision.rule].id
        if line.limit is None and line.rule != ours:
            help = "the host runs another build of this policy; compare their hashes"
            what = "another rule" if line.rule in known else "a rule that is not in this policy"
            found.warning("W0816", f"the host decided by {what}", span, help)
        is_root = None if line.uid is None else line.uid == 0
        outcome = self._stack.outcome(request, decision.effect, is_root)
        part = self._part(request, decision, outcome)
        part["request"] = line.text
        part["limit"] = line.limit
        return part

    def _whole(self, text: str, requests: list[Request]) -> _Json:
        """One answer, or a mixed one with its parts."""
        parts: dict[tuple[Any, ...], _Json] = {}
        for request in requests:
            decision = self._evaluator.decide(request)
            outcome = self._stack.outcome(request, decision.effect)
            key = (decision, outcome.result, outcome.by, outcome.ballots)
            if key not in parts:
                parts[key] = self._part(request, decision, outcome)
        rows = list(parts.values())
        if len(rows) == 1:
            return {**rows[0], "request": text}
        whole: _Json = {"request": text}
        for field, mixed in _MIXED.items():
            values = [row[field] for row in rows]
            same = all(value == values[0] for value in values)
            whole[field] = values[0] if same else mixed
        whole["parts"] = rows
        return whole

    def _part(self, request: Request, decision: Decision, outcome: Outcome) -> _Json:
        rule = decision.rule
        return {
            "request": request_text(request),
            "decision": decision.effect,
            "outcome": outcome.result,
            "by": outcome.by,
            "remark": outcome.remark or None,
            "rule": None if rule is None else self._rule(rule),
            "default": None if rule is not None else _default(request),
            "chain": [] if rule is None else self._chain(request, rule),
            "overridden": [self._rule(i) for i in self._overridden(request, rule)],
            "voters": [
                {"voter": b.voter, "vote": b.vote, "might": b.might, "when": b.when or None}
                for b in outcome.ballots
            ],
        }

    def _rule(self, index: int) -> _Json:
        rule = self._ir.rules[index]
        return {"id": hex_id(rule.id), **place(self._program.spans[index], self._sources)}

    def _chain(self, request: Request, rule: int) -> list[_Json]:
        """From the cell through its templates and profiles to the rule, then the imports."""
        steps: list[_Json] = []
        ir = self._ir
        cell = next((c for c in ir.cells if c.name == request.subject), None)
        layers = [ir.layers[i] for i in reversed(cell.layers)] if cell is not None else []
        holding = next((i for i, layer in enumerate(layers) if rule in layer.rules), None)
        above = layers[: holding + 1] if holding is not None else []
        steps += [{"kind": layer.kind, "name": layer.name} for layer in above]
        if holding is None:  # another cell's `listen`
            kind, _, name = self._program.scopes[rule].partition(" ")
            steps.append({"kind": kind, "name": name})
        imports = self._program.imports.get(self._program.spans[rule].file, ())
        return steps + [{"kind": "import", "name": name} for name in reversed(imports)]

    def _overridden(self, request: Request, rule: int | None) -> list[int]:
        """Rules of the subject's layers that match and do not decide, the most derived first."""
        ir = self._ir
        cell = next((c for c in ir.cells if c.name == request.subject), None)
        layers = [ir.layers[i] for i in reversed(cell.layers)] if cell is not None else []
        return [
            i
            for layer in layers
            for i in layer.rules
            if i != rule and matches(ir, ir.rules[i].requests, request)
        ]


_MIXED: dict[str, Any] = {
    "decision": "mixed",
    "outcome": "mixed",
    "by": None,
    "remark": None,
    "rule": None,
    "default": None,
    "chain": [],
    "overridden": [],
    "voters": [],
}


def _default(request: Request) -> str:
    if request.subject == HOST_ROOT:
        return "root on the host is never denied anything"
    if request.target is not None and request.target != request.subject:
        return "process requests that cross a border are denied"
    if request.subject == HOST:
        return "processes of the host are not judged"
    return "no rule matches, so the other models decide"
