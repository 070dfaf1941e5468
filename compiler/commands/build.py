"""`cellc build`: compiles a policy to a directory of artifacts."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from backends.artifact import Artifact, Backend, LossyBackend
from compiler import lock
from compiler.commands.artifacts import Options, certified, emitted, ledger
from compiler.commands.losses import loss_names, report_losses
from compiler.commands.output import files_of, print_findings, seen_from
from compiler.diagnostics import Diagnostics, nearest, quoted
from compiler.driver import Program, compile_policy
from compiler.durable import OutputError
from compiler.ir.serialise import policy_hash
from compiler.lint.configuration import read_settings
from compiler.lint.run import BUILD, lint
from compiler.manifest import Origin, tool_digest
from compiler.names.project import policy_root
from compiler.output import write_build
from compiler.source import Source, Span
from compiler.version import VERSION

_FAULT = (
    "  = help: nothing was written; this is a mistake of cellc, please report it with the policy"
)


def build(path: Path, directory: Path, backends: Sequence[Backend], options: Options) -> int:
    """Compiles, emits, signs and writes; the exit status."""
    unknown = sorted(options.accepted - loss_names(backends))
    if unknown:
        return _no_such_loss(unknown[0], loss_names(backends))
    backends = [_accepting(backend, options) for backend in backends]
    ids = _Ids(path, options.locked)
    found = ids.found
    compilation = compile_policy(path, options.today, ids)
    sources = dict(compilation.sources)
    settings = read_settings(policy_root(path), found, sources)
    report = lint(compilation, settings, options.today, BUILD, notes=False)
    found.extend(d for d in report.diagnostics if d.severity != "note")
    if ids.source is not None:
        sources[ids.source.name] = ids.source
    program = compilation.program
    artifacts: list[Artifact] = []
    if program is not None and not found.failed:
        artifacts = _artifacts(program, compilation.sources, backends, options, found)
    print_findings(found.sorted(), sources, policy_root(path))
    if found.failed or program is None:
        return 1
    origin = Origin(policy_hash(program.ir), VERSION, tool_digest())
    if options.certify:
        made, fault = certified(program.ir, compilation.sources, artifacts, backends, origin)
        if fault:
            sys.stderr.write(f"cellc: {fault}\n{_FAULT}\n")
            return 1
        artifacts += made
    sign = None
    if options.key:
        from compiler.signing import signer

        sign = signer(options.key)

    def save_ids() -> None:
        if not options.locked:
            lock.save(lock.lock_path(path), ids.ids, ids.source)

    kept = [path, lock.lock_path(path), *files_of(sources, policy_root(path))]
    if options.key:
        kept.append(options.key)
    try:
        write_build(directory, artifacts, origin, sign, save_ids, kept)
    except OutputError as problem:
        sys.stderr.write(f"cellc: {problem.advice}\n")
        return 2
    return 0


def _artifacts(
    program: Program,
    sources: Mapping[str, Source],
    backends: Sequence[Backend],
    options: Options,
    found: Diagnostics,
) -> list[Artifact]:
    """What a build holds besides certificate and manifest; nothing when `found` gets an error."""
    report_losses(program, backends, options.accepted, found)
    if found.failed:
        return []
    made = ledger(program, sources, backends, options, found)
    return [] if found.failed else [made, *emitted(program, sources, backends)]


def _accepting(backend: Backend, options: Options) -> Backend:
    return backend.accepting(options.accepted) if isinstance(backend, LossyBackend) else backend


def _no_such_loss(name: str, known: Collection[str]) -> int:
    help = nearest(name, known) or (
        f"there are {', '.join(sorted(known))}" if known else "no backend of this build has any"
    )
    sys.stderr.write(f"cellc: there is no loss {quoted(name)} to accept: {help}\n")
    return 2


class _Ids:
    """Cell ids from the lock file of a policy; new ones are given in name order."""

    def __init__(self, path: Path, locked: bool) -> None:
        self.found = Diagnostics()
        self._locked = locked
        place = lock.lock_path(path)
        self.source, problems = lock.load(place, seen_from(policy_root(path), place))
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
