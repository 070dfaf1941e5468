"""What rules look at: a policy that compiled, stage by stage, and what is often asked about it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from compiler.lint.rule import OptionValue, Rule
from compiler.lint.settings import Settings
from compiler.names.release import active
from compiler.source import Source, Span
from compiler.syntax import tree as t

if TYPE_CHECKING:
    from compiler.analysis.stack import Stack
    from compiler.driver import Program
    from compiler.ir.decide import Decider
    from compiler.ir.ir import IR, Cell, Request
    from compiler.model.policy import Cell as ModelCell
    from compiler.model.policy import Policy
    from compiler.names.definitions import Definitions
    from compiler.names.project import File

#: What a name of the root user can be (passwd(5)).
ROOT_USERS = (None, "0", "root", "toor")


@dataclass(frozen=True, slots=True)
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
        return self.enforced.user in ROOT_USERS


@dataclass(frozen=True, slots=True)
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

    def __init__(self, program: Program, settings: Settings, today: datetime.date) -> None:
        self.program = program
        self.today = today
        self._settings = settings

    def option(self, rule: Rule, name: str) -> OptionValue:
        """What the configuration says about a rule's option."""
        return self._settings.option(rule, name)

    def number(self, rule: Rule, name: str) -> int:
        """The same for an option that is a number."""
        value = self.option(rule, name)
        assert isinstance(value, int)
        return value

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
    def cells(self) -> tuple[CellPair, ...]:
        """All cells in name order."""
        written = {cell.name: cell for cell in self.policy.cells}
        return tuple(CellPair(written[cell.name], cell) for cell in self.ir.cells)

    @cached_property
    def cell_by_name(self) -> Mapping[str, CellPair]:
        return {cell.name: cell for cell in self.cells}

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
            body = getattr(statement.node, "body", None)
            if body:
                yield from self._below(body, (*inside, statement.node))

    def rule_span(self, rule: int) -> Span:
        """Where a rule of the IR stands, by its index."""
        return self.program.spans[rule]

    def decides(self, request: Request) -> str:
        """The policy's vote: deny, allow or grant."""
        return self.decider.decide(request).effect


def is_shipped(span: Span) -> bool:
    """Whether a place lies in a profile that ships with the compiler."""
    return span.file.startswith("<cellc>/")
