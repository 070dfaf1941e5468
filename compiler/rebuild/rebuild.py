"""Builds a policy of which some cells have changed since it was built before.

Only these are compiled; of the others the IR and the rows of the ledger are those of the
build before.  Whatever is more than that, and whatever there is to say about the policy, is
left to compiling all of it.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from compiler.catalogue.voters import is_root_user
from compiler.checks.assertions import check_assertions
from compiler.diagnostics import Diagnostics
from compiler.driver import Compilation, Program, compile_policy
from compiler.ir.decide import Decider
from compiler.ir.ir import AUTO, IR, PROTOCOLS, Cell, Request
from compiler.ir.levels import comes_before
from compiler.ir.requests import words_of_rules
from compiler.ir.reread import reread
from compiler.ir.serialise import serialised
from compiler.ledger.holes import report_holes
from compiler.ledger.ledger import make_ledger
from compiler.ledger.output import read
from compiler.ledger.scopes import Part, Scopes, part_of
from compiler.lint.run import lint_build
from compiler.lint.settings import Settings
from compiler.lowering.lower import Rest
from compiler.lowering.reservations import any_taken
from compiler.names.shipped import is_shipped
from compiler.rebuild.change import Change, find_change
from compiler.rebuild.keep import moved_settings
from compiler.rebuild.kept import Kept
from compiler.rebuild.left_out import LeftOutError, is_left_out, left_out, only_if
from compiler.rebuild.link import Linked, link
from compiler.rebuild.places import Relowered
from compiler.rebuild.rows import Before, ledger, source_map
from compiler.record import NamedTuple, changed
from compiler.source import Source, Span


class Rebuilt(NamedTuple):
    """A policy that was built before, as it is now."""

    program: Program
    """Its statements are those outside of cells, and those of the cells that changed."""
    sources: Mapping[str, Source]
    ledger: bytes
    source_map: bytes
    change: Change


class Files(NamedTuple):
    """What is read of the build before."""

    ir: bytes
    ledger: bytes
    source_map: bytes


class Build(NamedTuple):
    """What is built, and how."""

    path: Path
    today: datetime.date
    settings: Settings
    backends: Sequence[str]
    ids: Mapping[str, int]
    """Those in the lock file."""
    full: bool
    """Whether every statement must be enforced as it says."""


def rebuild(build: Build, before: Kept, texts: Mapping[str, str], files: Files) -> Rebuilt | None:
    """The policy with these texts, after a build of `before` that made these files.

    None when all has to be compiled.
    """
    try:
        return _Rebuilding(build, before, texts).run(files)
    except LeftOutError:
        return None


class _Rebuilding:
    def __init__(self, build: Build, before: Kept, texts: Mapping[str, str]) -> None:
        self._build = build
        self._before = before
        self._old_sources = {name: Source(name, kept.text) for name, kept in before.texts.items()}
        self._sources = {name: Source(name, text) for name, text in texts.items()}
        self._texts = texts

    def run(self, files: Files) -> Rebuilt:
        build, before = self._build, self._before
        change = find_change(self._old_sources, self._texts, before.cells)
        old, written = reread(files.ir)
        only_if({cell.name: cell.id for cell in old.cells} | dict(old.retired) == build.ids)
        rest = Rest(tuple(before.cells), words_of_rules(old.rules))
        made = compile_policy(build.path, build.today, lambda _: build.ids, change.texts, rest)
        part = made.program
        if part is None or made.diagnostics:
            raise LeftOutError
        only_if(self._only_these(part, change))
        only_if(_alike(old, part.ir, change))
        linked = link(old, part.ir)
        only_if(self._ids_stay(linked, part, change))
        only_if(words_of_rules(linked.ir.rules) == rest.words)
        program = self._whole(part, linked, change)
        was, now = Decider(old), program.lowered.decider
        only_if(all(_picks(was, name) == _picks(now, name) for name in change.cells))
        same = _listens(old) == _listens(linked.ir)
        only_if(self._holds(program, made, change.cells if same else None))
        serialised(linked.ir, written)
        return Rebuilt(
            program,
            self._sources | {n: s for n, s in made.sources.items() if is_shipped(n)},
            self._ledger(program, made.sources, files.ledger, change),
            source_map(program, made.sources, files.source_map, change),
            change,
        )

    def _ledger(
        self, program: Program, sources: Mapping[str, Source], content: bytes, change: Change
    ) -> bytes:
        backends = self._build.backends
        entries = make_ledger(program, backends, Scopes(self._parts(program, change)))
        if self._build.full:
            found = Diagnostics()
            report_holes(entries, found)
            only_if(not found.failed)
        before = Before(read(content), self._old_sources, self._before.cells)
        return ledger(program, sources, backends, entries, before, change)

    def _only_these(self, part: Program, change: Change) -> bool:
        """Whether the cells that changed are where they should be, and there are no others."""
        cells = {name: cell.span for name, cell in part.definitions.cells.items()}
        files = [file.source.name for file in part.definitions.files]
        return cells == change.cells and sorted(files) == sorted(self._texts)

    def _ids_stay(self, linked: Linked, part: Program, change: Change) -> bool:
        """Whether each rule has the id that it would get beside all others."""
        old = linked.old
        scopes = {f"cell {name}" for name in change.cells}
        gone = {
            old.rules[index].id
            for cell in old.cells
            if cell.name in change.cells
            for index in old.layers[cell.layers[-1]].rules
        }
        own = {
            rule.id
            for rule, scope in zip(part.ir.rules, part.lowered.scopes, strict=True)
            if scope in scopes
        }
        others = {
            rule.id
            for rule, (ir, _) in zip(linked.ir.rules, linked.origins, strict=True)
            if ir is old
        }
        shared = {rule.id for rule in part.ir.rules} - own
        known = {rule.id for rule in old.rules}
        contested = self._before.contested & (gone | own | shared) | part.lowered.contested
        return not contested and own.isdisjoint(others) and shared <= known

    def _whole(self, part: Program, linked: Linked, change: Change) -> Program:
        """The program of all cells, those left out with nothing but their decisions."""
        definitions, policy = part.definitions, part.policy
        for name in self._before.shipped:
            definitions.profile(name)
        written = {cell.name: cell for cell in policy.cells}
        cells = tuple([written.get(cell.name) or left_out(cell.name) for cell in linked.ir.cells])
        lowered = Relowered(linked, part.lowered, self._before, change)
        return Program(definitions, part.lets, changed(policy, cells=cells), lowered)

    def _parts(self, program: Program, change: Change) -> Iterator[tuple[str, Iterable[Part]]]:
        """All cells and their parts, as the ledger asks for them."""
        shared = moved_settings(self._before, change)
        overriding = any(shared.values())
        layers = program.ir.layers
        for cell, written in zip(program.ir.cells, program.policy.cells, strict=True):
            if not is_left_out(written):
                yield cell.name, [part_of(body) for body in written.bodies]
                continue
            names = [
                f"{layers[number].kind} {name}"
                for number in cell.layers[:-1]
                for name in layers[number].name.split("+")
            ]
            parts = [Part(name, shared.get(name, ())) for name in names]
            # What it sets itself matters where it takes the place of what these set.
            yield cell.name, [*parts, self._own(cell.name, change)] if overriding else parts

    def _own(self, cell: str, change: Change) -> Part:
        kept = self._before.cells[cell]
        start = change.moved(kept.span).start
        settings = [
            (setting, Span(kept.file, start + first, start + last))
            for setting, first, last in kept.places.settings
        ]
        return Part(f"cell {cell}", settings)

    def _holds(self, program: Program, made: Compilation, cells: Collection[str] | None) -> bool:
        """Whether there is nothing to say about the policy, of all cells or of some."""
        if any_taken(program.ir):
            return False
        found = Diagnostics()
        if program.policy.assertions:
            check_assertions(program.policy, program.lowered, found, cells)
        # Comments that ignore findings mean what they do among all cells.
        whole = Compilation(made.path, self._sources, (), made.remarks, program)
        found.extend(lint_build(whole, self._build.settings, self._build.today, cells))
        return not found.sorted()


def _listens(ir: IR) -> list[tuple[object, ...]]:
    """Who listens where."""
    return [(r.cell, r.protocol, r.ports) for r in ir.reservations]


def _alike(old: IR, part: IR, change: Change) -> bool:
    """Whether the cells are to others what they were."""
    before = {cell.name: cell for cell in old.cells if cell.name in change.cells}
    return old.host == part.host and all(
        _seen(old, before[cell.name]) == _seen(part, cell) for cell in part.cells
    )


def _picks(decider: Decider, name: str) -> tuple[object, ...]:
    """Whether a cell may have the kernel choose privileged ports, which others listen on."""
    asked = [Request(name, "network.bind.privport", protocol=p, port=AUTO) for p in PROTOCOLS]
    effects = [decider.decide(request).effect for request in asked]
    return is_root_user(decider.cells[name].user), effects


def _seen(ir: IR, cell: Cell) -> tuple[object, ...]:
    """What is asked about a cell where others are looked at."""
    service = cell.service
    return (
        [(ir.layers[number].kind, ir.layers[number].name) for number in cell.layers],
        cell.permissive,
        service and (service.require, service.before),
        comes_before(ir.host, cell),
    )
