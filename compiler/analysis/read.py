"""Reads requests and patterns as people write them on the command line."""

from __future__ import annotations

import functools

from compiler.analysis.boxes import Box
from compiler.analysis.frame import Frame
from compiler.analysis.patterns import pattern_boxes
from compiler.catalogue.actions import load
from compiler.diagnostics import Diagnostics, quoted
from compiler.driver import Program
from compiler.model.actions import Actions
from compiler.model.checks import read_pattern
from compiler.model.policy import RequestPattern
from compiler.model.rules import Rules
from compiler.names.groups import Groups
from compiler.names.values import Scope
from compiler.pattern import pattern
from compiler.source import Source, Span
from compiler.syntax.parse import parse_request
from compiler.syntax.usage import request_usage

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
        node = parse_request(text, found, self._example)
        if node is None:
            return None
        groups = self._groups.reporting(found)
        rules = Rules(Actions(self._catalogue, found), groups, found)
        scope = Scope(self._program.lets, found, {})
        span = Span(text.name, 0, len(text.text))
        return read_pattern(node.subjects, node.action, node.conditions, span, rules, scope)

    @property
    def _example(self) -> str:
        """A subject of this policy, for what a request looks like."""
        return next(iter(self._program.definitions.cells), "host")

    def _empty(self, text: Source, found: Diagnostics) -> None:
        what = text.name.strip("<>")
        help = f"name a subject and an action, such as `{request_usage('', self._example)}`"
        found.error("E0418", f"the {what} is empty", Span(text.name, 0, len(text.text)), help)

    def subjects(
        self, text: Source, start: int, end: int, found: Diagnostics
    ) -> tuple[str, ...] | None:
        """The subjects that a part of a text names, or None after a diagnostic."""
        side = text.text[start:end]
        help = f"influence is between cells and groups: `{self._example} ~> host`, `{{a, b}} ~> c`"
        if not side.partition("#")[0].strip():
            found.error("E0418", "one side is empty", Span(text.name, start, end), help)
            return None
        mine = Diagnostics()
        part = Source(text.name, f"{' ' * start}{side} process.signal")
        pattern = self.read(part, mine)
        if pattern is not None:
            return pattern.subjects
        if any(finding.code == "E0114" for finding in mine.sorted()):
            first = start + len(side) - len(side.lstrip())
            span = Span(text.name, first, first + len(side.strip()))
            found.error("E0114", f"{quoted(side.strip())} names no subjects", span, help)
        else:
            found.extend(mine.sorted())
        return None

    def boxes(
        self,
        text: Source,
        pattern: RequestPattern,
        found: Diagnostics,
        help: str = "name another action or condition",
    ) -> list[Box]:
        """What the kernel can ask and the pattern matches; a warning when that is nothing."""
        boxes = pattern_boxes(self.frame, pattern)
        if not boxes:
            never_asked(text, found, help)
        return boxes


def never_asked(text: Source, found: Diagnostics, help: str) -> None:
    """Warns that an answer is of no use to a host."""
    span = Span(text.name, 0, len(text.text))
    found.warning("W0807", "the kernel never asks this request", span, help)
