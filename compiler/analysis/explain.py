"""Explains decisions: rule, chain, what was overridden, who else votes, what is near."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from compiler.analysis.audit import AuditLine, audit_line, of_module, untold
from compiler.analysis.decisions import Decisions
from compiler.analysis.nearest import nearest as nearest_request
from compiler.analysis.patterns import literal
from compiler.analysis.read import RequestReader, never_asked
from compiler.analysis.rows import beaten, decided_by, indices, row_id
from compiler.analysis.stack import Stack
from compiler.analysis.wording import Wording, alone, others_named
from compiler.catalogue.voters import Outcome
from compiler.diagnostics import Diagnostics, nearest
from compiler.driver import Program
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST, HOST_ROOT, Decision, Effect, Layer, Request
from compiler.ir.requests import catalogue, is_asked, matches
from compiler.lowering.problems import request_text
from compiler.source import Source, Span
from compiler.sourcemap import hex_id, place

_Json = dict[str, Any]

_NEVER_ASKED = "the answer is what it would be told"


class Explainer:
    """Answers requests as people write them, for one compiled policy."""

    def __init__(self, program: Program, sources: Mapping[str, Source]) -> None:
        self._program = program
        self._ir = program.ir
        self._sources = sources
        self.reader = RequestReader(program)
        self._decisions = Decisions(program.ir, self.reader.frame)
        self._decider = program.lowered.decider
        self._stack = Stack(program.ir)
        self._cells = {cell.name: cell for cell in program.ir.cells}
        self._permissive = {c.name for c in program.ir.cells if c.permissive or self._ir.permissive}
        if self._ir.permissive:
            self._permissive.add(HOST)
        self._actions = catalogue(program.ir).by_name
        self._reference = Evaluator(program.ir)
        self._ids = {rule.id for rule in program.ir.rules}
        self._near: dict[Request, _Json | None] = {}

    def source(self, text: str) -> Source:
        """A request as it is understood, for `explain` and for what is reported about it."""
        if of_module(text) or row_id(text) is not None:
            return Source("<request>", text)
        return self.reader.source("<request>", text)

    def explain(self, text: Source, found: Diagnostics) -> _Json | None:
        """What `--format json` prints for a request, audit line or row; None after a diagnostic.

        A request that names nobody, for its groups are empty, has no answer but a warning.
        """
        logged = audit_line(text.text)
        if logged is not None:
            return self._logged(logged, text, found)
        if of_module(text.text):
            help = "only denials do: `cellpolicy: deny cell=web action=system.module rule=...`"
            found.error("E0419", "this line of the log tells of no request", _all(text), help)
            return None
        row = row_id(text.text)
        if row is not None:
            return self._row(row, text, found)
        pattern = self.reader.read(text, found)
        if pattern is None:
            return None
        boxes = self.reader.boxes(text, pattern, found, _NEVER_ASKED)
        if not boxes:
            told = list(literal(self.reader.frame, pattern))
            return self._whole(text.text.strip(), told) if told else None
        frame = self.reader.frame
        requests = [
            frame.witness(box)
            for row in self._decisions.of(boxes)
            for _, box in self._stack.outcomes(row, frame)
        ]
        return self._whole(text.text.strip(), sorted(requests, key=self._order))

    def _decide(self, request: Request) -> Decision:
        """The decision on a request; folded rules know nothing of what is never asked."""
        asked = is_asked(self._actions[request.action], request)
        return (self._decider if asked else self._reference).decide(request)

    def _order(self, request: Request) -> tuple[int, ...]:
        """By action, subject, and so on: the lowest request stands for those explained alike."""
        subjects, actions, *rest = self.reader.frame.point(request)
        return (actions, subjects, *rest)

    def _logged(self, line: AuditLine, text: Source, found: Diagnostics) -> _Json | None:
        """Explains a denial that the kernel logged, as this policy has it."""
        request = line.request
        if not self._known(line, text, found):
            return None
        if not is_asked(self._actions[request.action], request):
            never_asked(text, found, _NEVER_ASKED)
        decision = self._decide(request)
        ours = None if decision.rule is None else self._ir.rules[decision.rule].id
        if line.limit is None and line.rule != ours:
            help = "the host runs another build of this policy; compare their hashes"
            found.warning("W0816", f"the host decided {self._decider_in(line)}", _all(text), help)
        is_root = None if line.uid is None else line.uid == 0
        outcome = self._stack.outcome(request, decision.effect, is_root)
        part = self._part(request, decision, outcome)
        part["request"] = line.text
        part["asked"] = self._text(request, decision.effect)
        part["limit"] = line.limit
        part["permissive"] = line.permissive
        return part

    def _known(self, line: AuditLine, text: Source, found: Diagnostics) -> bool:
        """Whether this policy has all that a whole line names; a diagnostic if not."""
        request = line.request
        leaf = self._actions.get(request.action)
        if what := untold(line, leaf):
            help = "it was cut off, or damaged: take the whole line"
            found.error("E0419", f"this line of the log tells no {what}", _all(text), help)
            return False
        for name in (request.subject, request.target):
            if name is not None and name not in (HOST, *self._cells):
                help = nearest(name, [HOST, *self._cells]) or "is this the policy the host runs?"
                found.error("E0228", f"no cell is called `{name}`", _all(text), help)
                return False
        if leaf is None:
            help = "the kernel has an action that the catalogue of the target lacks"
            found.error("E0406", f"there is no action `{request.action}`", _all(text), help)
            return False
        return True

    def _decider_in(self, line: AuditLine) -> str:
        """What decided on the host, where it is not what would here."""
        if line.rule is None:
            return "by default"
        return (
            "by another rule" if line.rule in self._ids else "by a rule that is not in this policy"
        )

    def _row(self, rule_id: int, text: Source, found: Diagnostics) -> _Json | None:
        """Explains a rule by its id: where it stands, and what it decides in the end."""
        rules = indices(self._ir, rule_id)
        if not rules:
            help = "is this the policy that the tables or the log were made of?"
            message = f"no rule of this policy has the id {hex_id(rule_id)}"
            found.error("E0417", message, _all(text), help)
            return None
        rows = list(decided_by(self._decisions, rules))
        rule = rules[0]
        effect = self._ir.rules[rule].effect
        wording = Wording(self.reader.frame, self.reader.groups)
        decides = []
        outcomes = set()
        for row in rows:
            for outcome, box in self._stack.outcomes(row, self.reader.frame):
                outcomes.add(outcome.result)
                decides += [
                    {"request": pattern, "decision": row.effect, "outcome": outcome.result}
                    for pattern, _ in wording.patterns(box)
                ]
        kind, _, name = self._program.scopes[rule].partition(" ")
        return {
            "request": text.text.strip(),
            "decision": effect,
            "outcome": outcomes.pop() if len(outcomes) == 1 else "mixed" if outcomes else None,
            "rule": self._rule(rule),
            "chain": [{"kind": kind, "name": name}, *self._imports(rule)],
            "overridden": [self._rule(i) for i in self._written(beaten(self._decisions, rows))],
            "voters": [],
            "decides": decides,
        }

    def _whole(self, text: str, requests: Iterable[Request]) -> _Json:
        """One answer, or a mixed one with its parts."""
        parts: dict[tuple[Any, ...], tuple[Request, _Json]] = {}
        for request in requests:
            decision = self._decide(request)
            outcome = self._stack.outcome(request, decision.effect)
            key = (decision, outcome.result, outcome.by, outcome.ballots)
            if key not in parts:
                parts[key] = request, self._part(request, decision, outcome)
        if len(parts) == 1:
            (row,) = (row for _, row in parts.values())
            return {**row, "request": text}
        asked = [request for request, _ in parts.values()]
        apart = [f for f in Request._fields if len({getattr(x, f) for x in asked}) > 1]
        rows = [
            {**row, "request": self._text(x, row["decision"], apart)} for x, row in parts.values()
        ]
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
            "permissive": decision.effect == "deny" and request.subject in self._permissive,
            "nearest": self._nearest(request, decision),
        }

    def _nearest(self, request: Request, decision: Decision) -> _Json | None:
        """The nearest request that is decided otherwise; root on the host has none."""
        if request.subject == HOST_ROOT:
            return None
        if request not in self._near:
            other = nearest_request(self._decisions, request, decision.effect)
            self._near[request] = other and {
                "request": self._text(other[0], other[1].effect),
                "decision": other[1].effect,
                "rule": None if other[1].rule is None else self._rule(other[1].rule),
            }
        return self._near[request]

    def _text(self, request: Request, effect: Effect, apart: Collection[str] = ()) -> str:
        """A request that is decided so; its action alone where others of the name are not."""
        leaves = self._actions.values()
        others = (request._replace(action=x.name) for x in others_named(request.action, leaves))
        if any(self._decide(other).effect != effect for other in others):
            request = request._replace(action=alone(request.action, leaves))
        return request_text(request, apart)

    def _rule(self, index: int) -> _Json:
        rule = self._ir.rules[index]
        return {"id": hex_id(rule.id), **place(self._program.spans[index], self._sources)}

    def _chain(self, request: Request, rule: int) -> list[_Json]:
        """From the cell through its templates and profiles to the rule, then the imports."""
        layers = self._layers(request)
        holding = next((i for i, layer in enumerate(layers) if rule in layer.rules), None)
        if holding is None:
            return [*self._owner(rule), *self._imports(rule)]
        above = [{"kind": layer.kind, "name": layer.name} for layer in layers[: holding + 1]]
        return above + self._imports(rule)

    def _owner(self, rule: int) -> list[_Json]:
        """The cell that has a `listen`, and the template that it has it from, if it has."""
        cell = next(r.cell for r in self._ir.reservations if r.rule == rule)
        kind, _, name = self._program.scopes[rule].partition(" ")
        template = [{"kind": kind, "name": name}] if kind != "cell" else []
        return [{"kind": "cell", "name": cell}, *template]

    def _imports(self, rule: int) -> list[_Json]:
        imports = self._program.imports.get(self._program.spans[rule].file, ())
        return [{"kind": "import", "name": name} for name in reversed(imports)]

    def _layers(self, request: Request) -> list[Layer]:
        """The layers of the subject, the most derived first."""
        cell = self._cells.get(request.subject)
        return [self._ir.layers[i] for i in reversed(cell.layers)] if cell is not None else []

    def _overridden(self, request: Request, rule: int | None) -> list[int]:
        """Rules of the subject's layers that match and do not decide, the most derived first.

        Those of a layer are in the order in which they are written.
        """
        ir = self._ir
        return [
            i
            for layer in self._layers(request)
            for i in self._written(layer.rules)
            if i != rule and matches(ir, ir.rules[i].requests, request)
        ]

    def _written(self, rules: Iterable[int]) -> list[int]:
        """Rules in the order of their places in the sources."""
        return sorted(rules, key=self._program.spans.__getitem__)


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
    "permissive": None,
    "nearest": None,
}


def _all(text: Source) -> Span:
    return Span(text.name, 0, len(text.text))


def _default(request: Request) -> str:
    if request.subject == HOST_ROOT:
        return "root on the host is never denied anything"
    if request.target is not None and request.target != request.subject:
        return "process requests that cross a border are denied"
    if request.subject == HOST:
        return "processes of the host are not judged"
    return "no rule matches, so the other models decide"
