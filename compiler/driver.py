"""The stages in order: text, tree, definitions, model, IR.  No printing, nothing written."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from compiler.diagnostics import Diagnostic, Diagnostics
from compiler.ir.ir import IR
from compiler.source import Source, Span

Ids = Callable[[Mapping[str, Span | None]], Mapping[str, int]]
"""Gives every cell, declared at a span, its id; ids of retired names are among them."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """What came of a policy; `lowered` is None when there was nothing to lower."""

    path: Path
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...]
    program: Program | None

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Program:
    """A policy without errors so far: its IR, and what connects it with its text."""

    ir: IR
    policy: object
    spans: tuple[Span, ...]
    """Where each rule of the IR stands."""
    scopes: tuple[str, ...]
    """What each rule stands in, such as "profile service"."""
    imports: Mapping[str, tuple[str, ...]]
    """The chain of importing files for each file."""


def numbered(cells: Mapping[str, Span | None]) -> dict[str, int]:
    """Ids in name order, for a policy that is looked at and not built."""
    return {name: i for i, name in enumerate(sorted(cells), 1)}


def compile_policy(path: Path, today: datetime.date, ids: Ids = numbered) -> Compilation:
    """Everything up to the IR, and all findings on the way."""
    from compiler.checks.run import check
    from compiler.lowering.lower import lower
    from compiler.model.elaborate import elaborate
    from compiler.names.definitions import gather
    from compiler.names.project import Loader

    found = Diagnostics()
    loader = Loader(path, found)
    sources = loader.project.sources
    definitions = gather(loader, found)
    program = None
    if definitions is not None:
        policy = elaborate(definitions, today, found)
        declared: dict[str, Span | None] = {cell.name: cell.span for cell in policy.cells}
        lowered = lower(policy, sources, ids(declared), found)
        program = Program(
            lowered.ir, policy, lowered.spans, lowered.scopes, definitions.imports
        )
        if not found.failed:
            check(policy, lowered, found)
    return Compilation(path, sources, found.sorted(), program)
