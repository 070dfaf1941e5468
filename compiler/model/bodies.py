"""Reads the body of a profile, a template use or a cell into the model."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from compiler.diagnostics import Diagnostics, Related
from compiler.ir.ir import LayerKind
from compiler.model.names import Names
from compiler.model.policy import Body, Meaning, Rule
from compiler.model.rules import Rules
from compiler.model.services import read_service
from compiler.model.settings import (
    Devices,
    ExecHash,
    Hook,
    Limit,
    Listen,
    Mount,
    Root,
    User,
)
from compiler.model.validate import Raw, build
from compiler.names.annotations import NO_NOTES, Notes, read_notes
from compiler.names.release import active
from compiler.names.values import Scope
from compiler.source import Span
from compiler.syntax import tree as t

#: The leaves that `listen` allows.
LISTEN_ACTIONS = ("network.bind.port", "network.bind.privport")
_FIRST_UNPRIVILEGED = 1024


class _Draft:
    """A body while its statements are read; single settings by their word."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.single: dict[str, tuple[Any, Span]] = {}
        self.mounts: list[Mount] = []
        self.listens: list[Listen] = []
        self.limits: dict[str, Limit] = {}
        self.exec_readonly: Span | None = None
        self.exec_hashes: list[ExecHash] = []
        self.devices: list[Devices] = []
        self.hooks: list[Hook] = []
        self.permissive: Span | None = None

    def body(self, kind: LayerKind, name: str, span: Span) -> Body:
        single = {word: value for word, (value, _) in self.single.items()}
        return Body(
            kind=kind,
            name=name,
            span=span,
            rules=tuple(self.rules),
            root=single.get("root"),
            user=single.get("user"),
            service=single.get("service"),
            mounts=tuple(self.mounts),
            listens=tuple(self.listens),
            limits=tuple(self.limits.values()),
            exec_readonly=self.exec_readonly,
            exec_hashes=tuple(self.exec_hashes),
            devices=tuple(self.devices),
            hooks=tuple(self.hooks),
            permissive=self.permissive,
        )


class Bodies:
    """Makes bodies of statements, for one target and one day."""

    def __init__(self, rules: Rules, target: str, today: datetime.date, found: Diagnostics) -> None:
        self._rules = rules
        self._target = target
        self._today = today
        self._found = found
        self._known: dict[int, Meaning] = {}
        """The meaning of rules that were right, by the identity of their nodes in the tree."""
        self._templates: dict[str, tuple[tuple[Rule, ...], list[t.Statement]]] = {}
        """The rules that no argument changes of templates that were used, and what else stands
        in them."""
        self._names = Names()

    def read(
        self,
        kind: LayerKind,
        name: str,
        statements: Iterable[t.Statement],
        span: Span,
        scope: Scope,
        lint: bool = True,
    ) -> Body:
        """The body of statements that count for the target; what is wrong is left out."""
        draft = _Draft()
        self._fill(draft, statements, f"{kind} {name}", scope, lint)
        return draft.body(kind, name, span)

    def use(self, template: t.Template, span: Span, scope: Scope) -> Body:
        """The body of a template for some arguments; those of all uses share the rules that no
        argument changes."""
        name = template.name.text
        where = f"template {name}"
        known = self._templates.get(name)
        shared, statements = known or ((), active(template.body, self._target))
        draft = _Draft()
        draft.rules += shared
        self._fill(draft, statements, where, scope)
        fixed: list[Rule] = []
        left: list[t.Statement] = []
        for statement in statements:
            meaning = self._meaning(statement, scope)
            if meaning is None:
                left.append(statement)
            else:
                fixed.append(Rule(meaning, where, statement.span))
        if fixed:
            self._templates[name] = ((*shared, *fixed), left)
        return draft.body("template", name, span)

    def _meaning(self, statement: t.Statement, scope: Scope) -> Meaning | None:
        """The meaning of a rule that was right before and that no argument changes."""
        shared = statement.shared
        meaning = self._known.get(id(shared))
        if meaning is None or self._names.none_of(scope.parameters.keys(), shared):
            return meaning
        return None

    def _fill(
        self,
        draft: _Draft,
        statements: Iterable[t.Statement],
        where: str,
        scope: Scope,
        lint: bool = True,
    ) -> None:
        add = draft.rules.append
        for statement in statements:
            meaning = self._meaning(statement, scope)
            if meaning is not None:
                add(Rule(meaning, where, statement.span))
                continue
            notes = NO_NOTES
            if statement.annotations:
                notes = read_notes(statement.annotations, self._today, self._found)
            if statement.kind is t.Rule:
                self._rule(statement, notes, where, scope, draft, lint)
            else:
                self._take(statement.node, notes, where, scope, draft)

    def _rule(
        self,
        statement: t.Statement,
        notes: Notes,
        where: str,
        scope: Scope,
        draft: _Draft,
        lint: bool,
    ) -> None:
        shared = statement.shared
        node = statement.node
        assert isinstance(node, t.Rule)
        before = len(self._found)
        meaning = self._rules.rule(node, scope, notes, lint)
        if meaning is None:
            return
        draft.rules.append(Rule(meaning, where, node.span))
        silent = len(self._found) == before and not statement.annotations
        if silent and self._names.none_of(scope.parameters.keys(), shared):
            self._known[id(shared)] = meaning

    def _take(self, node: t.Plain, notes: Notes, where: str, scope: Scope, draft: _Draft) -> None:
        match node:
            case t.Listen():
                self._listen(node, scope, where, notes, draft)
            case t.Root():
                self._once("root", self._root(node, scope), node.span, draft)
            case t.User():
                self._once("user", self._user(node, scope), node.span, draft)
            case t.Service():
                items = active(node.body, self._target)
                service = read_service(
                    items, node.span, scope, self._rules, self._notes, self._found
                )
                self._once("service", service, node.span, draft)
            case t.Limits():
                self._limits(node, scope, draft)
            case t.Permissive():
                draft.permissive = node.span
            case _:
                self._collect(node, scope, draft)

    def _notes(self, annotations: tuple[t.Annotation, ...]) -> Notes:
        return read_notes(annotations, self._today, self._found)

    def _collect(self, node: t.Plain, scope: Scope, draft: _Draft) -> None:
        """Settings that accumulate."""
        match node:
            case t.Mount():
                fields = {"mode": Raw(node.mode.text, node.mode.span)}
                fields |= texts(scope, source=node.source, target=node.target)
                if len(fields) == 3 and (mount := build(Mount, node.span, fields, self._found)):
                    draft.mounts.append(mount)
            case t.ExecReadonly():
                draft.exec_readonly = node.span
            case t.ExecHash():
                fields = texts(scope, sha256=node.digest, path=node.path)
                if len(fields) == 2 and (hash_ := build(ExecHash, node.span, fields, self._found)):
                    draft.exec_hashes.append(hash_)
            case t.Devices():
                names = tuple(n.text for n in node.names)
                spans = [n.span for n in node.names]
                devices = build(Devices, node.span, {"names": Raw(names, spans)}, self._found)
                if devices:
                    draft.devices.append(devices)
            case t.Hook():
                argv = arguments(scope, node.argv)
                fields = {"when": Raw(node.when.text, node.when.span)}
                if argv and (hook := build(Hook, node.span, fields | {"argv": argv}, self._found)):
                    draft.hooks.append(hook)

    def _once(self, word: str, value: object, span: Span, draft: _Draft) -> None:
        """A setting that a body has once."""
        first = draft.single.setdefault(word, (value, span))
        if first[1] is not span:
            self._found.error(
                "E0528",
                f"`{word}` is set twice here",
                span,
                "keep one",
                [Related(first[1], "first here")],
            )

    def _root(self, node: t.Root, scope: Scope) -> Root | None:
        fields = texts(scope, path=node.path)
        if node.base is not None:
            fields |= texts(scope, base=node.base)
        wanted = 1 + (node.base is not None)
        return build(Root, node.span, fields, self._found) if len(fields) == wanted else None

    def _user(self, node: t.User, scope: Scope) -> User | None:
        fields = texts(scope, user=node.user)
        if node.group is not None:
            fields |= texts(scope, group=node.group)
        wanted = 1 + (node.group is not None)
        groups = [scope.text(group) for group in node.groups]
        if len(fields) != wanted or None in groups:
            return None
        raw = Raw(tuple(groups), [group.span for group in node.groups])
        return build(User, node.span, {**fields, "groups": raw}, self._found)

    def _limits(self, node: t.Limits, scope: Scope, draft: _Draft) -> None:
        for statement in active(node.body, self._target):
            limit = statement.node
            assert isinstance(limit, t.Limit)
            if statement.annotations:
                self._notes(statement.annotations)
            value: str | None = "unlimited"
            if not (isinstance(limit.amount, t.Name) and limit.amount.text == "unlimited"):
                value = scope.text(limit.amount)
            if value is None:
                continue
            fields = {
                "name": Raw(limit.name.text, limit.name.span),
                "value": Raw(value, limit.amount.span),
            }
            made = build(Limit, limit.span, fields, self._found)
            if made is None:
                continue
            first = draft.limits.setdefault(made.name, made)
            if first is not made:
                self._found.error(
                    "E0519",
                    f"the limit `{made.name}` is set twice here",
                    limit.span,
                    "keep one",
                    [Related(first.span, "first here")],
                )

    def _listen(
        self, node: t.Listen, scope: Scope, where: str, notes: Notes, draft: _Draft
    ) -> None:
        ports = scope.ports(node.ports, auto=False)
        if ports is None:
            return
        fields = {
            "protocol": Raw(node.protocol.text, node.protocol.span),
            "ports": Raw(ports, node.ports.span),
        }
        listen = build(Listen, node.span, fields, self._found)
        if listen is None:
            return
        draft.listens.append(listen)
        low, high = ports[0][0], ports[-1][1]
        wanted = (high >= _FIRST_UNPRIVILEGED, low < _FIRST_UNPRIVILEGED)
        meaning = Meaning(
            effect="allow",
            final=False,
            listen=True,
            actions=tuple(a for a, w in zip(LISTEN_ACTIONS, wanted, strict=True) if w),
            named=LISTEN_ACTIONS,
            to=None,
            protocols=(listen.protocol,),
            ports=ports,
            domains=None,
            types=None,
            socket_protocols=None,
            notes=notes,
        )
        draft.rules.append(Rule(meaning, where, node.span))


def texts(scope: Scope, **nodes: t.Value) -> dict[str, Raw]:
    """The texts of some values by field; those that have none are left out."""
    read = {name: (scope.text(node), node.span) for name, node in nodes.items()}
    return {name: Raw(text, span) for name, (text, span) in read.items() if text is not None}


def arguments(scope: Scope, nodes: Sequence[t.Text | t.Name]) -> Raw | None:
    """A program and its arguments, or None after a diagnostic."""
    values = [scope.text(node) for node in nodes]
    if None in values:
        return None
    return Raw(tuple(values), [node.span for node in nodes])
