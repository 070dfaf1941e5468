"""What a build holds besides its manifest, and how it is made."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from backends.artifact import Artifact, Backend, Deciding
from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.ir.ir import IR
from compiler.ir.serialise import serialised
from compiler.manifest import CERTIFICATE, IR_FILE, LEDGER, MAP, Origin, digest
from compiler.record import record
from compiler.source import Source
from compiler.sourcemap import source_map


@record
class Options:
    """How a policy is built."""

    today: datetime.date
    """The day that `@until` is compared with."""
    locked: bool = False
    """Whether to refuse to give new cell ids."""
    require_full: bool = False
    """Whether every statement must be enforced as it says."""
    accepted: frozenset[str] = frozenset()
    """Losses of backends for lesser targets that do not matter."""
    key: Path | None = None
    """What to sign the manifest with."""
    certify: bool = True
    """Whether to make the certificate of the tables, and to check it."""
    incremental: bool = False
    """Whether to take over from the last build what is about cells that have not changed."""
    serial: int | None = None
    """What the manifest says against going back to an older build unasked."""


def emitted(
    program: Program,
    sources: Mapping[str, Source],
    backends: Sequence[Backend],
    places: bytes | None = None,
) -> list[Artifact]:
    """The IR, the source map, and the files of the backends.

    `places` is the source map, if it is known.
    """
    files = [
        Artifact(IR_FILE, serialised(program.ir).content),
        Artifact(MAP, source_map(program, sources) if places is None else places),
    ]
    for backend in backends:
        files += backend.emit(program.ir)
    return files


def ledger(
    program: Program,
    sources: Mapping[str, Source],
    backends: Sequence[Backend],
    options: Options,
    found: Diagnostics,
) -> Artifact:
    """What enforces each statement; `found` gets the holes if full enforcement is required."""
    from compiler.ledger.holes import report_holes
    from compiler.ledger.ledger import make_ledger
    from compiler.ledger.output import ledger_json

    names = [backend.name for backend in backends]
    entries = make_ledger(program, names)
    if options.require_full:
        report_holes(entries, found)
    return Artifact(LEDGER, ledger_json(program, sources, names, entries))


def certified(
    ir: IR,
    sources: Mapping[str, Source],
    artifacts: Iterable[Artifact],
    backends: Iterable[Backend],
    origin: Origin,
) -> tuple[list[Artifact], str]:
    """The certificate of a build whose files decide, and what its checker finds wrong, or ""."""
    content = {artifact.path: artifact.content for artifact in artifacts}
    for backend in backends:
        if isinstance(backend, Deciding):
            origins = {
                "source": {
                    name: digest(source.text.encode()) for name, source in sorted(sources.items())
                },
                "tool": {"version": origin.version, "sha256": origin.tool},
            }
            made, fault = certify(ir, backend, content, origins)
            return [Artifact(CERTIFICATE, made)], fault
    return [], ""


def certify(
    ir: IR, backend: Deciding, content: Mapping[str, bytes], origins: Mapping[str, object]
) -> tuple[bytes, str]:
    """A certificate of some files, and what its checker finds wrong, or ""."""
    from checker.checker import check
    from compiler.certificate.certificate import certificate
    from compiler.certificate.classes import Numbering

    files = {path: content[path] for path in (IR_FILE, *backend.certified)}
    tables = backend.read_back(files)
    numbering = Numbering(ir, tables.places, tables.processes)
    text = certificate(ir, numbering, tables.decide, tables.decide_unowned, files, origins)
    made = text.encode()
    return made, check({**files, CERTIFICATE: made}.__getitem__)
