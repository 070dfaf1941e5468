"""Reads requests as people write them on the command line."""

from __future__ import annotations

from compiler.analysis.patterns import Patterns
from compiler.catalogue.actions import load
from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.ir.ir import Request
from compiler.ir.requests import Axes
from compiler.model.actions import Actions
from compiler.model.checks import read_pattern
from compiler.model.policy import RequestPattern
from compiler.model.rules import Rules
from compiler.names.groups import Groups
from compiler.names.values import Scope
from compiler.source import Source, Span
from compiler.syntax.parse import parse_request


class RequestReader:
    """Knows the names of one compiled policy."""

    def __init__(self, program: Program) -> None:
        self._program = program
        definitions = program.definitions
        self._groups = Groups(definitions.groups, definitions.cells, Diagnostics())
        self._catalogue = load(program.ir.target)
        self._patterns = Patterns(program.ir)

    def read(self, text: Source, found: Diagnostics) -> RequestPattern | None:
        """What a request names, or None after a diagnostic."""
        node = parse_request(text, found)
        if node is None:
            return None
        groups = self._groups.reporting(found)
        rules = Rules(Actions(self._catalogue, found), groups, found)
        scope = Scope(self._program.lets, found, {})
        span = Span(text.name, 0, len(text.text))
        return read_pattern(node.subjects, node.action, node.conditions, span, rules, scope)

    def axes(self, pattern: RequestPattern) -> Axes:
        """The values that the policy or the pattern tells apart."""
        return self._patterns.axes(pattern.rule)

    def asked(self, pattern: RequestPattern) -> list[Request]:
        """One request of each class that the kernel can ask and the pattern matches."""
        return [r for s in pattern.subjects for r in self._patterns.asked(pattern.rule, s)]

    def requests(self, text: Source, pattern: RequestPattern, found: Diagnostics) -> list[Request]:
        """The same, or what the pattern spells out if the kernel never asks it, and a warning."""
        asked = self.asked(pattern)
        if not asked:
            span = Span(text.name, 0, len(text.text))
            help = "the answer is what it would be told"
            found.warning("W0807", "the kernel never asks this request", span, help)
        literal = self._patterns.literal
        return asked or [r for s in pattern.subjects for r in literal(pattern.rule, s)]
