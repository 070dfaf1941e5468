"""Reads a `service` block into the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from compiler.diagnostics import Diagnostics, Related
from compiler.model.rules import Rules
from compiler.model.settings import Command, Env, Log, Provider, Restart, Service
from compiler.model.validate import Raw, build
from compiler.names.annotations import Notes
from compiler.names.values import Scope
from compiler.source import Span
from compiler.syntax import tree as t

ReadNotes = Callable[[tuple[t.Annotation, ...]], Notes]


class _Reader:
    """Collects the items of one block."""

    def __init__(self, scope: Scope, rules: Rules, found: Diagnostics) -> None:
        self._scope = scope
        self._rules = rules
        self._variables: dict[str, Span] = {}
        self._found = found
        self.fields: dict[str, Any] = {}
        self._places: dict[str, Span] = {}
        self.lists: dict[str, list[Any]] = {"require": [], "before": [], "env": []}

    def take(self, node: t.Plain) -> None:
        match node:
            case t.Command():
                self._once(node.word, node.span, self._command(node))
            case t.Order():
                self.lists[node.word] += [self._provider(p) for p in node.providers]
            case t.Env():
                self._env(node)
            case t.Log():
                self._once("log", node.span, self._log(node))
            case t.Restart():
                self._once("restart", node.span, self._restart(node))
            case t.Manual():
                self._once("manual", node.span, node.span)

    def _once(self, word: str, span: Span, value: object) -> None:
        first = self._places.setdefault(word, span)
        if first is span:
            self.fields[word] = value
        else:
            self._found.error(
                "E0531",
                f"`{word}` stands twice in one service",
                span,
                "keep one",
                [Related(first, "first here")],
            )

    def _command(self, node: t.Command) -> Command | None:
        values = [self._scope.text(arg) for arg in node.argv]
        if None in values:
            return None
        raw = Raw(tuple(values), [arg.span for arg in node.argv])
        return build(Command, node.span, {"argv": raw}, self._found)

    def _provider(self, node: t.Provider) -> Provider | None:
        if node.kind == "cell":
            cell = self._rules.cell(node.name, self._scope)
            if cell is None:
                return None
            return Provider(span=node.name.span, kind="cell", name=cell)
        fields = {
            "kind": Raw(node.kind, node.name.span),
            "name": Raw(node.name.text, node.name.span),
        }
        return build(Provider, node.name.span, fields, self._found)

    def _env(self, node: t.Env) -> None:
        value = self._scope.text(node.value)
        if value is None:
            return
        fields = {"name": Raw(node.name.text, node.name.span), "value": Raw(value, node.value.span)}
        env = build(Env, node.span, fields, self._found)
        if env is not None:
            first = self._variables.setdefault(env.name, node.name.span)
            if first is not node.name.span:
                message = f"the variable `{env.name}` is set twice"
                related = [Related(first, "first here")]
                self._found.error("E0533", message, node.name.span, "keep one", related)
        self.lists["env"].append(env)

    def _log(self, node: t.Log) -> Log | None:
        fields: dict[str, Raw] = {}
        for word, value in node.words:
            if word in fields:
                first = fields[word].span
                assert isinstance(first, Span)
                related = [Related(first, "first here")]
                message = f"`{word}` is given twice"
                self._found.error("E0534", message, value.span, "keep one", related)
            text = self._scope.text(value) if word == "tag" else getattr(value, "text", None)
            if text is None:
                return None
            fields[word] = Raw(text, value.span)
        return build(Log, node.span, fields, self._found)

    def _restart(self, node: t.Restart) -> Restart | None:
        fields = {"mode": Raw(node.mode.text, node.mode.span)}
        if node.backoff is not None:
            for field, amount in zip(("backoff_min", "backoff_max"), node.backoff, strict=True):
                value = self._scope.text(amount)
                if value is None:
                    return None
                fields[field] = Raw(value, amount.span)
        return build(Restart, node.span, fields, self._found)


def read_service(
    statements: Iterable[t.Statement],
    span: Span,
    scope: Scope,
    rules: Rules,
    notes: ReadNotes,
    found: Diagnostics,
) -> Service | None:
    """The service, or None after a diagnostic."""
    reader = _Reader(scope, rules, found)
    for statement in statements:
        notes(statement.annotations)
        reader.take(statement.node)
    fields = reader.fields
    if "command" not in fields:
        help = 'name the program: `command "/path/to/program" "argument";`'
        if not found.failed_in(span):
            found.error("E0530", "this service has no command", span, help)
        return None
    lists = [x for items in reader.lists.values() for x in items]
    if None in fields.values() or None in lists:
        return None
    fields |= {word: tuple(items) for word, items in reader.lists.items()}
    return Service(span=span, **fields)
