"""What rules look at: a policy that compiled, stage by stage, and what is often asked about it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from compiler.catalogue.voters import is_root_user
from compiler.lint.ignores import TEXT_OR_COMMENT
from compiler.lint.rule import OptionValue
from compiler.lint.rule import Rule as LintRule
from compiler.lint.settings import Settings
from compiler.names.release import active
from compiler.pattern import pattern
from compiler.record import record
from compiler.source import Source, Span
from compiler.syntax import tree as t

if TYPE_CHECKING:
    from compiler.analysis.decisions import Decided, Decisions
    from compiler.analysis.stack import Stack
    from compiler.driver import Program
    from compiler.ir.decide import Decider
    from compiler.ir.ir import IR, Cell, Request, Reservation, Service
    from compiler.model.policy import Cell as ModelCell
    from compiler.model.policy import Policy, RequestPattern, Rule
    from compiler.names.definitions import Definitions
    from compiler.names.project import File

_Made = TypeVar("_Made")
_WORD = pattern(r"[A-Za-z][\w-]*")


@record
class CellPair:
    """A cell as written and as enforced."""

    written: ModelCell
    enforced: Cell

    @property
    def name(self) -> str:
        return self.enforced.name

    @property
    def span(self) -> Span:
        """Where it is declared: its name."""
        return self.written.span

    @property
    def is_root(self) -> bool:
        """Whether it runs as root."""
        return is_root_user(self.enforced.user)


@record
class Placed:
    """A statement that counts for the target, and those it stands in, the outermost first."""

    statement: t.Statement
    inside: tuple[t.Plain, ...]

    @property
    def node(self) -> t.Plain:
        return self.statement.node

    @property
    def span(self) -> Span:
        return self.statement.span


class Context:
    """One policy for the rules to look at.  What shipped profiles say is not the author's."""

    def __init__(
        self,
        program: Program,
        settings: Settings,
        today: datetime.date,
        cells: Collection[str] | None = None,
    ) -> None:
        """`cells` are those to look at, where nothing was found about the others; None is all."""
        self.program = program
        self.today = today
        self._looked_at = cells
        self._settings = settings
        self._made: dict[object, Any] = {}

    def option(self, rule: LintRule, name: str) -> OptionValue:
        """What the configuration says about a rule's option."""
        return self._settings.option(rule, name)

    def number(self, rule: LintRule, name: str) -> int:
        """The same for an option that is a number."""
        value = self.option(rule, name)
        assert isinstance(value, int)
        return value

    def memo(self, make: Callable[[Context], _Made]) -> _Made:
        """What `make` makes of this policy, made once for all rules that ask."""
        if make not in self._made:
            self._made[make] = make(self)
        made: _Made = self._made[make]
        return made

    @property
    def definitions(self) -> Definitions:
        return self.program.definitions

    @property
    def policy(self) -> Policy:
        return self.program.policy

    @property
    def ir(self) -> IR:
        return self.program.ir

    @property
    def decider(self) -> Decider:
        return self.program.lowered.decider

    @property
    def sources(self) -> Mapping[str, Source]:
        return self.definitions.sources

    @property
    def main(self) -> File:
        """The root file."""
        return self.definitions.files[-1]

    @cached_property
    def stack(self) -> Stack:
        """What becomes of votes on the policy's host."""
        from compiler.analysis.stack import Stack

        return Stack(self.ir)

    @cached_property
    def decisions(self) -> Decisions:
        """What is decided on any set of requests."""
        from compiler.analysis.decisions import Decisions

        return Decisions(self.ir)

    def asked(self, pattern: RequestPattern) -> Iterator[Decided]:
        """What is decided on the requests that a pattern of an assertion or a test names."""
        from compiler.analysis.patterns import pattern_boxes

        return self.decisions.of(pattern_boxes(self.decisions.frame, pattern))

    @cached_property
    def cells(self) -> tuple[CellPair, ...]:
        """Those to look at one by one, in name order; `ir.cells` are all."""
        if self._looked_at is None:
            return tuple(self.cell_by_name.values())
        return tuple([self.cell_by_name[name] for name in sorted(self._looked_at)])

    @cached_property
    def reservations(self) -> Sequence[Reservation]:
        """What the cells to look at listen on."""
        found = self.ir.reservations
        if self._looked_at is None:
            return found
        return [reservation for reservation in found if reservation.cell in self._looked_at]

    @cached_property
    def applied(self) -> Collection[int]:
        """The rules of the IR whose statements apply to the cells to look at, by index."""
        if self._looked_at is None:
            return range(len(self.ir.rules))
        layers = {number for cell in self.cells for number in cell.enforced.layers}
        spans, standing = self.program.spans, self.program.lowered.standing
        places = {spans[rule] for number in layers for rule in self.ir.layers[number].rules}
        # With other arguments a statement of a template is another rule, which cells may have had.
        return frozenset([rule for place in places for rule in standing[place]])

    @cached_property
    def cell_by_name(self) -> Mapping[str, CellPair]:
        """All of them, in name order."""
        written = {cell.name: cell for cell in self.policy.cells}
        return {cell.name: CellPair(written[cell.name], cell) for cell in self.ir.cells}

    @cached_property
    def statements(self) -> tuple[Placed, ...]:
        """All statements of the author's files that count for the target, in order."""
        found: list[Placed] = []
        for file in self.definitions.files:
            found += self._below(file.statements, ())
        return tuple(found)

    def _below(
        self, statements: tuple[t.Statement, ...], inside: tuple[t.Plain, ...]
    ) -> Iterator[Placed]:
        for statement in active(statements, self.ir.target):
            yield Placed(statement, inside)
            if statement.body:
                yield from self._below(statement.body, (*inside, statement.node))

    @cached_property
    def _by_kind(self) -> Mapping[type[t.Plain], Sequence[Placed]]:
        found: dict[type[t.Plain], list[Placed]] = {}
        for placed in self.statements:
            found.setdefault(placed.statement.kind, []).append(placed)
        return found

    def of(self, *kinds: type[t.Plain]) -> Sequence[Placed]:
        """The statements of some kinds, in order."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], ())
        return [placed for placed in self.statements if placed.statement.kind in kinds]

    def with_braces(self, *kinds: type[t.Plain]) -> Iterator[Placed]:
        """Those of some kinds in which there are braces."""
        for placed in self.of(*kinds):
            file, start, end = placed.span
            if self.sources[file].text.find("{", start, end) >= 0:
                yield placed

    def own(self, kind: type[t.Plain]) -> Iterator[Placed]:
        """Those of one kind in the root file: other files may serve other policies too."""
        name = self.main.source.name
        return (placed for placed in self.of(kind) if placed.span.file == name)

    @cached_property
    def mentions(self) -> Counter[str]:
        """How often each word stands in the author's files, comments and text in quotes aside."""
        counts: Counter[str] = Counter()
        for file in self.definitions.files:
            counts.update(words_of(file.source.text))
        return counts

    @cached_property
    def rules(self) -> Mapping[Span, Rule]:
        """Every access rule of the author's, by where it stands."""
        unique = {id(body): body for body in self.policy.bodies}.values()
        rules = (rule for body in unique for rule in body.rules if not rule.meaning.listen)
        return {rule.span: rule for rule in rules if not is_shipped(rule.span)}

    def services(self) -> Iterator[tuple[CellPair, Service]]:
        """The cells that run something, and what."""
        for cell in self.cells:
            if cell.enforced.service is not None:
                yield cell, cell.enforced.service

    @cached_property
    def exposed(self) -> tuple[CellPair, ...]:
        """The cells that listen on a port."""
        listening = {reservation.cell for reservation in self.reservations}
        return tuple(cell for cell in self.cells if cell.name in listening)

    def rule_span(self, rule: int) -> Span:
        """Where a rule of the IR stands, by its index."""
        return self.program.spans[rule]

    def decides(self, request: Request) -> str:
        """The policy's vote: deny, allow or grant."""
        return self.decider.decide(request).effect


def words_of(text: str) -> list[str]:
    """The words of a policy's text, comments and text in quotes aside."""
    return _WORD.findall(TEXT_OR_COMMENT.sub(" ", text))


def is_shipped(span: Span) -> bool:
    """Whether a place lies in a profile that ships with the compiler."""
    return span.file.startswith("<cellc>/")
