"""`cellc build`: compiles a policy to a directory of artifacts."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backends.artifact import Artifact, Backend, LimitedBackend, LossyBackend
from compiler import lock
from compiler.commands.artifacts import Options, certified, emitted, ledger
from compiler.commands.losses import loss_names, report_losses
from compiler.commands.output import files_of, print_findings, seen_from
from compiler.diagnostics import Diagnostics, nearest, quoted
from compiler.driver import Program, compile_policy
from compiler.durable import OutputError
from compiler.files import Notes
from compiler.ir.serialise import policy_hash
from compiler.lint.configuration import read_settings
from compiler.lint.run import lint_build
from compiler.lint.settings import Settings
from compiler.manifest import LEDGER, Origin, tool_digest
from compiler.names.project import policy_root
from compiler.output import write_build
from compiler.record import record
from compiler.source import Source, Span
from compiler.version import VERSION

if TYPE_CHECKING:
    from compiler.commands.former import Former

_FAULT = (
    "  = help: nothing was written; this is a mistake of cellc, please report it with the policy"
)


def build(path: Path, directory: Path, backends: Sequence[Backend], options: Options) -> int:
    """Compiles, emits, signs and writes; the exit status."""
    unknown = sorted(options.accepted - loss_names(backends))
    if unknown:
        return _no_such_loss(unknown[0], loss_names(backends))
    if options.require_full and options.accepted:
        sys.stderr.write("cellc: `--require full` accepts no loss: leave out `--accept`\n")
        return 2
    backends = [_accepting(backend, options) for backend in backends]
    ids = _Ids(path, options.locked)
    found = ids.found
    sources: dict[str, Source] = {}
    with Notes() as notes:
        settings = read_settings(policy_root(path), found, sources)
        former = _former(path, directory, backends, options, settings, ids)
        made = _taken_over(former, backends) if former is not None else None
        made = made or _compiled(path, backends, options, settings, ids)
    sources |= made.sources
    if ids.source is not None:
        sources[ids.source.name] = ids.source
    print_findings(found.sorted(), sources, policy_root(path))
    if found.failed or made.program is None:
        return 1
    program = made.program
    artifacts = [*made.ledger, *emitted(program, made.sources, backends, made.places)]
    origin = Origin(policy_hash(program.ir), VERSION, tool_digest(), options.serial)
    if options.certify:
        certificate, fault = certified(program.ir, made.sources, artifacts, backends, origin)
        if fault:
            sys.stderr.write(f"cellc: {fault}\n{_FAULT}\n")
            return 1
        artifacts += certificate
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
    if former is not None and not found.sorted():
        former.keep(program, made.sources, artifacts, notes)
    return 0


@record
class _Made:
    """A policy as far as it was compiled."""

    sources: Mapping[str, Source]
    program: Program | None = None
    """None for a policy with errors."""
    ledger: tuple[Artifact, ...] = ()
    """What enforces each statement; nothing where a lesser target tells of its losses instead."""
    places: bytes | None = None
    """The source map, if it is known."""


def _compiled(
    path: Path, backends: Sequence[Backend], options: Options, settings: Settings, ids: _Ids
) -> _Made:
    """The whole policy; what there is to say about it is added to `ids.found`."""
    found = ids.found
    compilation = compile_policy(path, options.today, ids)
    sources, program = compilation.sources, compilation.program
    found.extend(lint_build(compilation, settings, options.today))
    if program is None or found.failed:
        return _Made(sources)
    report_losses(program, backends, options.accepted, found)
    if found.failed:
        return _Made(sources)
    if _lossy(backends):
        return _Made(sources, program)
    return _Made(sources, program, (ledger(program, sources, backends, options, found),))


def _taken_over(former: Former, backends: Sequence[Backend]) -> _Made | None:
    """The policy with only those cells compiled that changed, unless all have to be."""
    rebuilt = former.rebuilt()
    if rebuilt is None:
        return None
    ir = rebuilt.program.ir
    if any(isinstance(backend, LimitedBackend) and backend.exceeded(ir) for backend in backends):
        return None
    made = Artifact(LEDGER, rebuilt.ledger)
    return _Made(rebuilt.sources, rebuilt.program, (made,), rebuilt.source_map)


def _former(
    path: Path,
    directory: Path,
    backends: Sequence[Backend],
    options: Options,
    settings: Settings,
    ids: _Ids,
) -> Former | None:
    """The build before, where it is of use: losses are told from what cells say."""
    if not options.incremental or _lossy(backends) or ids.found.sorted():
        return None
    from compiler.commands.former import Former
    from compiler.rebuild.rebuild import Build

    names = tuple([backend.name for backend in backends])
    known = ids.ids.by_name
    build = Build(path, options.today, settings, names, known, options.require_full)
    return Former(directory, build, repr(sorted(options.accepted)))


def _lossy(backends: Sequence[Backend]) -> bool:
    return any(isinstance(backend, LossyBackend) for backend in backends)


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
