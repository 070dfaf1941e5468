"""`cellc build`: compiles a policy to a directory of artifacts."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
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


def build(
    path: Path,
    directory: Path,
    backends: Sequence[Backend],
    today: datetime.date,
    locked: bool,
) -> int:
    """Compiles, emits and writes; the exit status."""
    ids = _Ids(path, locked)
    compilation = compile_policy(path, today, ids)
    sources = dict(compilation.sources)
    settings = read_settings(policy_root(path), ids.found, sources)
    ids.found.extend(lint(compilation, settings, today, BUILD).diagnostics)
    if ids.source is not None:
        sources[ids.source.name] = ids.source
    print_findings(ids.found.sorted(), sources, policy_root(path))
    if ids.found.failed or compilation.program is None:
        return 1
    program = compilation.program
    artifacts = _artifacts(program, compilation.sources, backends)
    origin = Origin(policy_hash(program.ir), cellc_version(), tool_digest())
    try:
        if not locked:
            lock.save(lock.lock_path(path), ids.ids, ids.source)
        write_build(directory, artifacts, origin)
    except OutputError as problem:
        sys.stderr.write(f"cellc: {problem}\n")
        return 2
    return 0


def _artifacts(
    program: Program, sources: Mapping[str, Source], backends: Sequence[Backend]
) -> list[Artifact]:
    files = [
        Artifact("policy.ir.json", serialised(program.ir).content),
        Artifact("policy.map.json", source_map(program, sources).encode()),
    ]
    for backend in backends:
        files += backend.emit(program.ir)
    return files


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
