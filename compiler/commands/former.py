"""`cellc build --incremental`: the build before, and what is kept for the next one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from backends.artifact import Artifact
from compiler import cache
from compiler.diagnostics import Diagnostics
from compiler.driver import Program
from compiler.files import Notes
from compiler.manifest import IR_FILE, LEDGER, MAP, digest, read, tool_digest
from compiler.names.project import read_source
from compiler.rebuild.keep import keep
from compiler.rebuild.kept import Kept, pack, unpack
from compiler.rebuild.rebuild import Build, Files, Rebuilt, rebuild
from compiler.source import Source

_READ_AGAIN = (IR_FILE, LEDGER, MAP)


class Former:
    """The last build in a directory, if its policy and what was asked for are the same."""

    def __init__(self, directory: Path, build: Build, asked: str) -> None:
        """`asked` says all that such a build is made from, besides files and `build`."""
        self._directory = directory
        self._build = build
        self._about = repr((tool_digest(), sys.version, asked, build._replace(ids={}))).encode()
        """What was asked for, and what makes it."""
        self._cache = cache.usual()
        self._name = cache.name_of(
            "build", os.path.realpath(directory), os.path.realpath(build.path)
        )
        self._before: Kept | None = None
        self._rebuilt: Rebuilt | None = None

    def rebuilt(self) -> Rebuilt | None:
        """The policy as it is now, made from that build; None if that cannot be."""
        fields = self._cache and self._cache.fields(self._name)
        # What another version of cellc has kept may look like anything.
        if not fields or fields[0] != self._about:
            return None
        before = unpack(fields[1:])
        if not before.notes.hold():
            return None
        contents = {name: read(str(self._directory), name) or b"" for name in _READ_AGAIN}
        if {name: digest(content) for name, content in contents.items()} != before.digests:
            return None
        try:
            texts = {name: _text(kept.path, name) for name, kept in before.texts.items()}
        except OSError:
            return None
        made = Files(contents[IR_FILE], contents[LEDGER], contents[MAP])
        self._before = before
        self._rebuilt = rebuild(self._build, before, texts, made)
        return self._rebuilt

    def keep(
        self,
        program: Program,
        sources: Mapping[str, Source],
        artifacts: Iterable[Artifact],
        notes: Notes,
    ) -> None:
        """Keeps a build that nothing was said about."""
        if self._cache is None or notes.torn:
            return
        made = {artifact.path: artifact.content for artifact in artifacts}
        digests = {name: digest(made[name]) for name in _READ_AGAIN}
        last = None
        if self._rebuilt is not None and self._before is not None:
            last, notes = (self._before, self._rebuilt.change), self._before.notes
        own = {str(file.path) for file in program.definitions.files}
        others = Notes(
            (question, answer)
            for question, answer in notes.answers.items()
            if question[0] != "read" or question[1] not in own
        )
        kept = keep(others, program, sources, digests, last)
        self._cache.keep(self._name, [self._about, *pack(kept)])
        self._cache.prune()


def _text(path: str, name: str) -> str:
    """What a file of the policy holds.  Raises OSError also for what is no text."""
    found = Diagnostics()
    source = read_source(Path(path), name, found, None)
    if source is None:
        raise OSError(found.sorted()[0].message)
    return source.text
