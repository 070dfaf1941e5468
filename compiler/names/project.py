"""Finds and reads the files of a policy: the policy root, imports, each file once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from compiler import files
from compiler.diagnostics import Diagnostics, Related, arrows, closest, quoted
from compiler.files import MAX_BYTES
from compiler.names.text import unquote
from compiler.record import NamedTuple, record
from compiler.source import Source, Span
from compiler.syntax import tree
from compiler.syntax.parse import parse_policy

#: A directory with one of these is a policy root.
ROOT_MARKS = ("cellc.toml", ".git")

#: Files that import each other in a row; more are refused, or recursion would fail.
MAX_IMPORTS = 64


@record
class File:
    """One parsed file; `chain` holds the names of the files that led to it."""

    source: Source
    path: Path
    statements: tuple[tree.Statement, ...]
    chain: tuple[str, ...] = ()


class Project:
    """All files of a policy, the root file last, and their sources by name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[File] = []
        self.sources: dict[str, Source] = {}

    @property
    def main(self) -> File:
        """The file the compiler was called with."""
        return self.files[-1]


def policy_root(path: Path) -> Path:
    """The nearest directory upwards with a ROOT_MARKS entry, else the file's own."""
    own = os.path.dirname(files.real(str(path)))
    folder = own
    while not any(files.kind(os.path.join(folder, mark)) for mark in ROOT_MARKS):
        above = os.path.dirname(folder)
        if above == folder:
            return Path(own)
        folder = above
    return Path(folder)


def read_source(path: Path, name: str, found: Diagnostics, span: Span | None) -> Source | None:
    """A file's text as a Source, or None and a diagnostic at `span`."""
    try:
        data = files.read(str(path))
    except IsADirectoryError:
        message = f"cannot read {quoted(name)}: it is a directory"
        found.error("E0204", message, span, "name a file in it")
        return None
    except OSError as problem:
        _unreadable(path, name, problem, found, span)
        return None
    if len(data) > MAX_BYTES:
        too_large(name, found, span)
        return None
    return decode(data, name, found, span)


def too_large(name: str, found: Diagnostics, span: Span | None) -> None:
    """Refuses a file of more than MAX_BYTES."""
    message = f"{quoted(name)} is larger than {MAX_BYTES >> 20} MiB"
    found.error("E0205", message, span, "is this the right file?")


def _unreadable(
    path: Path, name: str, problem: OSError, found: Diagnostics, span: Span | None
) -> None:
    help = "check the path"
    if isinstance(problem, FileNotFoundError):
        help = _elsewhere(path, name, span)
    if isinstance(problem, PermissionError):
        help = "check its permissions, and those of the directories above it"
    if name == "-":
        help = "policies are read from files, since they import others; only `fmt` takes `-`"
    reason = (problem.strerror or "unreadable").lower()
    found.error("E0204", f"cannot read {quoted(name)}: {reason}", span, help)


def _elsewhere(path: Path, name: str, span: Span | None) -> str:
    """What to do about a file that is not there."""
    target = files.real(str(path))
    folder, own = os.path.split(name)
    if span is None and os.path.join(files.real(folder or "."), own) != target == files.real(name):
        return f"it is a link to {quoted(os.path.relpath(target))}: correct the link"
    importing = {Path(span.file).name} if span is not None else set()
    others = set(files.names(str(path.parent))) - {path.name} - importing
    close = closest(path.name, others)
    return f"did you mean `{_beside(name, close, span)}`?" if close else "check the path"


def _beside(name: str, other: str, span: Span | None) -> str:
    """The name of a file beside another one, as it is written at `span`."""
    path = os.path.join(os.path.dirname(name), other)
    if span is None:
        return path
    return os.path.relpath(f"/{path}", f"/{os.path.dirname(span.file)}")


def decode(data: bytes, name: str, found: Diagnostics, span: Span | None) -> Source | None:
    """The text of a file from its bytes, or None and a diagnostic at `span`."""
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        message = f"{quoted(name)} is not UTF-8 in line {line}"
        found.error("E0206", message, span, "save the file as UTF-8")
        return None


class _Open(NamedTuple):
    """A file whose imports are being loaded, and where it is imported."""

    path: Path
    name: str
    span: Span | None


class Loader:
    """Loads a root file and everything it imports, depth first."""

    def __init__(
        self, path: Path, found: Diagnostics, texts: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`texts` take the place of what files hold, by the names that sources have."""
        self._found = found
        self._path = path
        self._texts = texts
        self.project = Project(policy_root(path))
        self._done: set[Path] = set()
        self._open: list[_Open] = []

    def load(self, active: Callable[[File], list[tree.Import]]) -> Project | None:
        """The project, or None when the root file cannot be read.

        `active` names the imports of a file that count for the target; it is asked
        about the root file first.
        """
        path = Path(files.real(str(self._path)))
        source = self._read(path, str(self._path), None)
        if source is None:
            return None
        self._take(path, Source(self._name(path), source.text), active, None)
        return self.project

    def _read(self, path: Path, called: str, span: Span | None) -> Source | None:
        text = self._texts.get(self._name(path))
        if text is not None:
            return Source(self._name(path), text)
        return read_source(path, called, self._found, span)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.project.root).as_posix()

    def _take(
        self,
        path: Path,
        source: Source,
        active: Callable[[File], list[tree.Import]],
        span: Span | None,
    ) -> None:
        self._done.add(path)
        self.project.sources[source.name] = source
        importers = tuple(open_.name for open_ in self._open)
        file = File(source, path, parse_policy(source, self._found), importers)
        self._open.append(_Open(path, source.name, span))
        for statement in active(file):
            self._import(file, statement, active)
        self._open.pop()
        self.project.files.append(file)

    def _import(
        self, file: File, statement: tree.Import, active: Callable[[File], list[tree.Import]]
    ) -> None:
        span = statement.path.span
        written = unquote(statement.path, self._found)
        path = self._resolve(file, written, span) if written is not None else None
        if path is None:
            self._found.unread()
            return
        opened = [open_.path for open_ in self._open]
        if path in opened:
            self._cycle(self._open[opened.index(path) :], span)
        elif len(opened) >= MAX_IMPORTS:
            message = f"imports lead to each other more than {MAX_IMPORTS} deep"
            self._found.error("E0207", message, span, "import the file from one nearer to the root")
            self._found.unread()
        elif path not in self._done:
            source = self._read(path, self._name(path), span)
            if source is None:
                self._found.unread()
            else:
                self._take(path, source, active, span)

    def _cycle(self, files: list[_Open], span: Span) -> None:
        names = [file.name for file in files]
        if len(names) == 1:
            message, help = f"{quoted(names[0])} imports itself", "remove this line"
        else:
            message = f"these files import each other: {arrows([*names, names[0]])}"
            help = "move what both need into a third file"
        imports = [
            Related(file.span, f"{quoted(file.name)} is imported here")
            for file in files[1:]
            if file.span is not None
        ]
        self._found.error("E0203", message, span, help, imports)

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
        plain = file.path.parent / written
        path = Path(files.real(str(plain)))
        if not path.is_relative_to(self.project.root):
            linked = Path(os.path.normpath(plain)).is_relative_to(self.project.root)
            how = "is a symbolic link that leaves" if linked else "lies outside"
            found.error(
                "E0202",
                f"{quoted(written)} {how} the policy root",
                span,
                "the root is the nearest directory upwards with a `cellc.toml` or `.git`,"
                " else the policy's own",
            )
            return None
        return path
