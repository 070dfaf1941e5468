"""`cellc build`: compiles a policy to a directory of artifacts."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.artifact import Artifact, Backend
from compiler import lock
from compiler.commands.output import cellc_version, print_findings
from compiler.diagnostics import Diagnostics
from compiler.driver import Program, compile_policy
from compiler.durable import OutputError
from compiler.ir.serialise import policy_hash, serialised
from compiler.lint.configuration import read_settings
from compiler.lint.run import BUILD, lint
from compiler.manifest import Origin, tool_digest
from compiler.names.project import policy_root
from compiler.output import write_build
from compiler.source import Source, Span
from compiler.sourcemap import source_map


@dataclass(frozen=True, slots=True)
class Options:
    """How a policy is built."""

    today: datetime.date
    """The day that `@until` is compared with."""
    locked: bool = False
    """Whether to refuse to give new cell ids."""
    require_full: bool = False
    """Whether every statement must be enforced as it says."""


def build(path: Path, directory: Path, backends: Sequence[Backend], options: Options) -> int:
    """Compiles, emits and writes; the exit status."""
    ids = _Ids(path, options.locked)
    found = ids.found
    compilation = compile_policy(path, options.today, ids)
    sources = dict(compilation.sources)
    settings = read_settings(policy_root(path), found, sources)
    found.extend(lint(compilation, settings, options.today, BUILD).diagnostics)
    if ids.source is not None:
        sources[ids.source.name] = ids.source
    program = compilation.program
    artifacts: list[Artifact] = []
    if program is not None and not found.failed:
        artifacts = _artifacts(program, compilation.sources, backends, options, found)
    print_findings(found.sorted(), sources, policy_root(path))
    if found.failed or program is None:
        return 1
    origin = Origin(policy_hash(program.ir), cellc_version(), tool_digest())
    try:
        if not options.locked:
            lock.save(lock.lock_path(path), ids.ids, ids.source)
        write_build(directory, artifacts, origin)
    except OutputError as problem:
        sys.stderr.write(f"cellc: {problem}\n")
        return 2
    return 0


def _artifacts(
    program: Program,
    sources: Mapping[str, Source],
    backends: Sequence[Backend],
    options: Options,
    found: Diagnostics,
) -> list[Artifact]:
    """Everything that a build holds but its manifest."""
    files = [
        Artifact("policy.ir.json", serialised(program.ir).content),
        Artifact("policy.map.json", source_map(program, sources).encode()),
        _ledger(program, sources, [backend.name for backend in backends], options, found),
    ]
    for backend in backends:
        files += backend.emit(program.ir)
    return files


def _ledger(
    program: Program,
    sources: Mapping[str, Source],
    backends: Sequence[str],
    options: Options,
    found: Diagnostics,
) -> Artifact:
    from compiler.ledger.holes import report_holes
    from compiler.ledger.ledger import make_ledger
    from compiler.ledger.output import ledger_json

    entries = make_ledger(program, backends)
    if options.require_full:
        report_holes(entries, found)
    return Artifact("ledger.json", ledger_json(program, sources, backends, entries).encode())


class _Ids:
    """Cell ids from the lock file of a policy; new ones are given in name order."""

    def __init__(self, path: Path, locked: bool) -> None:
        self.found = Diagnostics()
        self._locked = locked
        place = lock.lock_path(path)
        name = place.resolve().relative_to(policy_root(path)).as_posix()
        self.source, problems = lock.load(place, name)
        self.found.extend(problems)
        self.ids = lock.CellIds()
        if self.source is not None:
            self.ids, problems = lock.read(self.source)
            self.found.extend(problems)

    def __call__(self, cells: Mapping[str, Span | None]) -> Mapping[str, int]:
        if self._locked:
            self.found.extend(lock.refuse_new(cells, self.ids))
        else:
            self.ids, problems = lock.assign(cells, self.ids)
            self.found.extend(problems)
        return self.ids.by_name
