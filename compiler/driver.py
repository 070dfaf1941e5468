"""The stages in order: text, tree, definitions, model, IR.  No printing, nothing written."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compiler import files
from compiler.diagnostics import Diagnostic, Diagnostics
from compiler.ir.ir import IR
from compiler.record import record
from compiler.source import Source, Span

if TYPE_CHECKING:
    from compiler.lowering.lower import Lowered, Rest
    from compiler.model.policy import Policy
    from compiler.names.definitions import Definitions
    from compiler.names.values import Constant

#: Errors that leave what a policy decides known: its assertions do not hold.
BROKEN_PROMISES = frozenset({"E0607", "E0608"})

Ids = Callable[[Mapping[str, Span | None]], Mapping[str, int]]
"""Gives every cell, declared at a span, its id; ids of retired names are among them."""


@record
class Compilation:
    """What came of a policy; `program` is None when there was nothing to lower."""

    path: Path
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...]
    """Errors."""
    remarks: tuple[Diagnostic, ...]
    """What stages found on their way and lint decides about; their codes are rules of it."""
    program: Program | None

    @property
    def failed(self) -> bool:
        return bool(self.diagnostics)

    @property
    def decided(self) -> Program | None:
        """The program if what it decides is known: at most its assertions do not hold."""
        found = {error.code for error in self.diagnostics}
        return self.program if found <= BROKEN_PROMISES else None


@record
class Program:
    """A policy as far as it was compiled, stage by stage."""

    definitions: Definitions
    lets: Mapping[str, Constant]
    policy: Policy
    lowered: Lowered

    @property
    def ir(self) -> IR:
        return self.lowered.ir

    @property
    def spans(self) -> Sequence[Span]:
        """Where each rule of the IR stands."""
        return self.lowered.spans

    @property
    def scopes(self) -> Sequence[str]:
        """What each rule stands in, such as "profile service"."""
        return self.lowered.scopes

    @property
    def imports(self) -> Mapping[str, tuple[str, ...]]:
        """The chain of importing files for each file."""
        return self.definitions.imports


def numbered(cells: Mapping[str, Span | None]) -> dict[str, int]:
    """Ids in name order, for a policy that is looked at and not built."""
    return {name: i for i, name in enumerate(sorted(cells), 1)}


def compile_policy(
    path: Path,
    today: datetime.date,
    ids: Ids = numbered,
    texts: Mapping[str, str] | None = None,
    rest: Rest | None = None,
) -> Compilation:
    """Everything up to the IR, and all findings on the way.

    `texts` take the place of what files hold, by the names that their sources have.  Where they
    leave out cells, `rest` says what these mean, and what is to be checked over all cells is not;
    there is no program of cells that it does not know.
    """
    from compiler.checks.run import check
    from compiler.lowering.lower import lower
    from compiler.model.elaborate import elaborate
    from compiler.names.definitions import gather
    from compiler.names.lets import evaluate_lets
    from compiler.names.project import Loader

    found = Diagnostics()
    loader = Loader(path, found, texts or {})
    sources = loader.project.sources
    definitions = gather(loader, found)
    program = None
    if definitions is not None and (rest is None or definitions.cells.keys() <= {*rest.cells}):
        definitions.left_out = rest.cells if rest else ()
        lets = evaluate_lets(definitions.lets, found)
        policy = elaborate(definitions, lets, today, found)
        declared: dict[str, Span | None] = {cell.name: cell.span for cell in policy.cells}
        lowered = lower(policy, sources, ids(declared), found, rest)
        program = Program(definitions, lets, policy, lowered)
        if not found.failed and rest is None:
            check(policy, lowered, found)
    every = found.sorted()
    errors = tuple(d for d in every if d.severity == "error")
    remarks = tuple(d for d in every if d.severity != "error")
    return Compilation(path, sources, errors, remarks, program)


def read_part(path: Path) -> Compilation:
    """A file that no known policy imports: whether its text can be a part of one."""
    from compiler.names.project import policy_root, read_source
    from compiler.syntax.parse import parse_policy
    from compiler.syntax.placement import check_places

    found = Diagnostics()
    name = Path(files.real(str(path))).relative_to(policy_root(path)).as_posix()
    source = read_source(path, name, found, None)
    if source is None:
        return Compilation(path, {}, found.sorted(), (), None)
    check_places(parse_policy(source, found), "a file", found)
    return Compilation(path, {name: source}, found.sorted(), (), None)
