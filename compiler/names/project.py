"""Finds and reads the files of a policy: the policy root, imports, each file once."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from compiler.diagnostics import Diagnostics, Related
from compiler.names.text import unquote
from compiler.source import Source, Span
from compiler.syntax import tree
from compiler.syntax.parse import parse_policy

#: A directory with one of these is a policy root.
ROOT_MARKS = ("cellc.toml", ".git")

#: Larger files are not policies; refusing them keeps memory bounded.
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One parsed file; `chain` holds the names of the files that led to it."""

    source: Source
    path: Path
    statements: tuple[tree.Statement, ...]
    chain: tuple[str, ...] = ()


@dataclass
class Project:
    """All files of a policy, the root file last, and their sources by name."""

    root: Path
    files: list[File] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def main(self) -> File:
        """The file the compiler was called with."""
        return self.files[-1]


def policy_root(path: Path) -> Path:
    """The nearest directory upwards with a ROOT_MARKS entry, else the file's own."""
    folder = path.resolve().parent
    for candidate in (folder, *folder.parents):
        if any((candidate / mark).exists() for mark in ROOT_MARKS):
            return candidate
    return folder


def read_source(path: Path, name: str, found: Diagnostics, span: Span | None) -> Source | None:
    """A file's text as a Source, or None and a diagnostic at `span`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            found.error("E0205", f"`{name}` is larger than {MAX_BYTES >> 20} MiB", span)
            return None
        data = path.read_bytes()
    except OSError as problem:
        reason = (problem.strerror or "unreadable").lower()
        found.error("E0204", f"cannot read `{name}`: {reason}", span, "check the path")
        return None
    return decode(data, name, found, span)


def decode(data: bytes, name: str, found: Diagnostics, span: Span | None) -> Source | None:
    """The text of a file from its bytes, or None and a diagnostic at `span`."""
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        found.error("E0206", f"`{name}` is not UTF-8 (line {line})", span, "save the file as UTF-8")
        return None


class Loader:
    """Loads a root file and everything it imports, depth first."""

    def __init__(self, path: Path, found: Diagnostics) -> None:
        self._found = found
        self._path = path
        self.project = Project(policy_root(path))
        self._done: set[Path] = set()
        self._open: list[tuple[Path, str]] = []

    def load(self, active: Callable[[File], list[tree.Import]]) -> Project | None:
        """The project, or None when the root file cannot be read.

        `active` names the imports of a file that count for the target; it is asked
        about the root file first.
        """
        path = self._path.resolve()
        name = self._name(path)
        source = read_source(path, name, self._found, None)
        if source is None:
            return None
        self._take(path, source, active)
        return self.project

    def _name(self, path: Path) -> str:
        return path.relative_to(self.project.root).as_posix()

    def _take(
        self, path: Path, source: Source, active: Callable[[File], list[tree.Import]]
    ) -> None:
        self._done.add(path)
        self.project.sources[source.name] = source
        chain = tuple(name for _, name in self._open)
        file = File(source, path, parse_policy(source, self._found), chain)
        self._open.append((path, source.name))
        for statement in active(file):
            self._import(file, statement, active)
        self._open.pop()
        self.project.files.append(file)

    def _import(
        self, file: File, statement: tree.Import, active: Callable[[File], list[tree.Import]]
    ) -> None:
        span = statement.path.span
        written = unquote(statement.path, self._found)
        if written is None:
            return
        path = self._resolve(file, written, span)
        if path is None:
            return
        opened = [p for p, _ in self._open]
        if path in opened:
            names = [n for _, n in self._open[opened.index(path) :]]
            circle = " -> ".join([*names, names[0]])
            self._found.error(
                "E0203", f"import cycle: {circle}", span, "move what both need into a third file"
            )
        elif path not in self._done:
            source = read_source(path, self._name(path), self._found, span)
            if source is not None:
                self._take(path, source, active)

    def _resolve(self, file: File, written: str, span: Span) -> Path | None:
        found = self._found
        if not written or written.startswith("/") or "\0" in written:
            found.error(
                "E0201",
                "an import path is relative to the file it stands in",
                span,
                'write it like `import "common/profiles.cell";`',
            )
            return None
        path = Path(os.path.realpath(file.path.parent / written))
        if not path.is_relative_to(self.project.root):
            found.error(
                "E0202",
                f"`{written}` leaves the policy root",
                span,
                "only files below the nearest directory with a `cellc.toml` or `.git`"
                " can be imported",
            )
            return None
        return path


def related(span: Span, message: str) -> tuple[Related, ...]:
    """One related place, as most diagnostics have it."""
    return (Related(span, message),)
