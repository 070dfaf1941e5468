"""Which statements of a policy give a reason for what they say."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.names.release import active
from compiler.names.text import unquote
from compiler.source import Span
from compiler.syntax import tree as t

#: Blocks that are more than one statement: a reason for all of one is a reason for none in it.
_BODIES = (t.Cell, t.Profile, t.Template, t.Host, t.Test)


class Reasons:
    """Answers by places."""

    def __init__(self, program: Program) -> None:
        self._target = program.ir.target
        self._found: dict[str, list[tuple[Span, str]]] = {}
        for file in program.definitions.files:
            self._found[file.source.name] = list(self._of(file.statements))

    def _of(self, statements: tuple[t.Statement, ...]) -> Iterator[tuple[Span, str]]:
        for statement in active(statements, self._target):
            if not issubclass(statement.kind, _BODIES):
                for annotation in statement.annotations:
                    if annotation.name == "reason" and isinstance(annotation.value, t.Text):
                        text = unquote(annotation.value, Diagnostics())
                        yield statement.span, text or ""
            yield from self._of(statement.body)

    def at(self, span: Span | None) -> str | None:
        """The @reason of the statement at a place, or of the block of settings around it."""
        if span is None:
            return None
        for around, reason in self._found.get(span.file, ()):
            if around.start <= span.start and span.end <= around.end:
                return reason
        return None
