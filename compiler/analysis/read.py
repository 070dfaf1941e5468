"""Reads requests and patterns as people write them on the command line."""

from __future__ import annotations

import functools

from compiler.analysis.boxes import Box
from compiler.analysis.frame import Frame
from compiler.analysis.patterns import pattern_boxes
from compiler.catalogue.actions import load
from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.model.actions import Actions
from compiler.model.checks import read_pattern
from compiler.model.policy import RequestPattern
from compiler.model.rules import Rules
from compiler.names.groups import Groups
from compiler.names.values import Scope
from compiler.pattern import pattern
from compiler.record import changed
from compiler.source import Source, Span
from compiler.syntax.parse import parse_request

#: What only the command line knows: ports without an end, and every action.
_UP_TO = pattern(r"(?<![\w.])\.\.(?=\d)")
_FROM = pattern(r"(?<=\d)\.\.(?![\w.])")
_EVERY = pattern(r"(?<=\s)\*(?=\s|$)")
#: The actions that have the conditions of a pattern, for `*`.
_HAVING = (
    (pattern(r"\bto\b"), "process.*"),
    (pattern(r"\b(tcp|udp|port)\b"), "network.bind"),
    (pattern(r"\b(domain|type|protocol)\b"), "network.socket.*"),
)


class RequestReader:
    """Knows the names of one compiled policy."""

    def __init__(self, program: Program, frame: Frame | None = None) -> None:
        self._program = program
        self.frame = frame or Frame(program.ir)
        self._catalogue = load(program.ir.target)

    @functools.cached_property
    def _groups(self) -> Groups:
        definitions = self._program.definitions
        return Groups(definitions.groups, definitions.cells, Diagnostics())

    @property
    def groups(self) -> dict[str, frozenset[str]]:
        """The groups of the policy, each with its cells."""
        named = self._program.definitions.groups
        return {name: self._groups.members(name) or frozenset() for name in named}

    def source(self, name: str, text: str) -> Source:
        """A request with what only the command line knows spelt out."""
        every = _EVERY.search(text)
        if every is not None:
            rest = text[every.end() :]
            scopes = ", ".join(sorted({leaf.scope for leaf in self._catalogue.leaves}))
            actions = next((a for word, a in _HAVING if word.search(rest)), f"{{{scopes}}}.*")
            text = f"{text[: every.start()]}{actions}{rest}"
        return Source(name, _FROM.sub("..65535", _UP_TO.sub("1..", text)))

    def read(self, text: Source, found: Diagnostics) -> RequestPattern | None:
        """What a request names, or None after a diagnostic."""
        asked = text.text.partition("#")[0]
        if not asked.strip():
            self._empty(text, found)
            return None
        start = asked.find("~>")
        if start >= 0:
            span = Span(text.name, start, start + 2)
            help = 'influence is asked about by itself: `cellc query FILE "web ~> db"`'
            found.error("E0101", "`~>` cannot stand in a request", span, help)
            return None
        node = parse_request(text, found)
        if node is None:
            return None
        groups = self._groups.reporting(found)
        rules = Rules(Actions(self._catalogue, found), groups, found)
        scope = Scope(self._program.lets, found, {})
        span = Span(text.name, 0, len(text.text))
        return read_pattern(node.subjects, node.action, node.conditions, span, rules, scope)

    def _empty(self, text: Source, found: Diagnostics) -> None:
        """Says what a request looks like, with a subject of this policy."""
        subject = next(iter(self._program.definitions.cells), "host")
        what = text.name.strip("<>")
        help = f'name a subject and an action, such as "{subject} network.bind tcp port 80"'
        found.error("E0418", f"the {what} is empty", Span(text.name, 0, len(text.text)), help)

    def subjects(
        self, text: Source, start: int, end: int, found: Diagnostics
    ) -> tuple[str, ...] | None:
        """The subjects that a part of a text names, or None after a diagnostic."""
        if not text.text[start:end].strip():
            help = "name who may influence whom, such as `web ~> db`; `any` stands for all"
            found.error("E0418", "one side is empty", Span(text.name, 0, len(text.text)), help)
            return None
        blank = " " * start
        part = Source(text.name, f"{blank}{text.text[start:end]} process.signal")
        mine = Diagnostics()
        pattern = self.read(part, mine)
        if pattern is not None:
            return pattern.subjects
        limit = len(text.text)
        for finding in mine.sorted():
            span = finding.span and finding.span._replace(
                start=min(finding.span.start, limit), end=min(finding.span.end, limit)
            )
            found.extend([changed(finding, span=span, related=())])
        return None

    def boxes(self, text: Source, pattern: RequestPattern, found: Diagnostics) -> list[Box]:
        """What the kernel can ask and the pattern matches; a warning when that is nothing."""
        boxes = pattern_boxes(self.frame, pattern)
        if not boxes:
            span = Span(text.name, 0, len(text.text))
            help = "the answer is what it would be told"
            found.warning("W0807", "the kernel never asks this request", span, help)
        return boxes
