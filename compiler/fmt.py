"""`cellc fmt`: finds policy files and compares or replaces their text."""

from __future__ import annotations

import difflib
import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from compiler import durable
from compiler.diagnostics import Diagnostics
from compiler.names.project import MAX_BYTES, decode, too_large
from compiler.render.text import visible
from compiler.source import Source
from compiler.syntax.format import format_source

SUFFIX = ".cell"
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Result:
    """What to print on standard output, the exit status, and findings with their sources."""

    text: str
    status: int
    found: Diagnostics
    sources: dict[str, Source]


def run(
    paths: Sequence[str], stdin: BinaryIO, *, check: bool = False, diff: bool = False
) -> Result:
    """Formats files, the policies below directories, and standard input for `-`.

    With `check` or `diff` nothing is written; `check` lists the files that differ from
    their format, `diff` shows how.  The status is 2 for a path that cannot be used, 1 for
    a file with syntax errors or, with `check`, another format.
    """
    run = _Run(check, diff)
    for path in dict.fromkeys(paths):
        if path == STDIN:
            run.stream(stdin.read(MAX_BYTES + 1))
        else:
            run.path(path)
    status = 2 if run.unusable else int(run.found.failed or (check and run.changed))
    return Result("".join(run.output), status, run.found, run.sources)


class _Run:
    def __init__(self, check: bool, diff: bool) -> None:
        self._check = check
        self._diff = diff
        self.output: list[str] = []
        self.found = Diagnostics()
        self.sources: dict[str, Source] = {}
        self.changed = False
        self.unusable = False

    def stream(self, data: bytes) -> None:
        formatted = self._format(data, "<stdin>")
        if formatted is None:
            return
        if not (self._check or self._diff):
            self.output.append(formatted)
        elif data != formatted.encode():
            self._report(data, formatted, "<stdin>")

    def path(self, path: str) -> None:
        """Formats a file, or all policies below a directory but for hidden ones and links."""
        if not os.path.isdir(path):
            self._file(path)
            return
        for file in self._below(path):
            self._file(file)

    def _below(self, directory: str) -> Iterator[str]:
        def refuse(problem: OSError) -> None:
            self._refuse(str(problem.filename), (problem.strerror or "unreadable").lower())

        for folder, folders, names in os.walk(directory, onerror=refuse):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                file = os.path.join(folder, name)
                if name.endswith(SUFFIX) and not os.path.islink(file):
                    yield file

    def _file(self, path: str) -> None:
        try:
            data = _read(path)
        except OSError as problem:
            self._refuse(path, (problem.strerror or "unreadable").lower())
            return
        formatted = self._format(data, path)
        if formatted is None or data == formatted.encode():
            return
        if self._check or self._diff or self._replace(path, data, formatted.encode()):
            self._report(data, formatted, path)

    def _format(self, data: bytes, name: str) -> str | None:
        if len(data) > MAX_BYTES:
            too_large(name, self.found, None)
            return None
        source = decode(data, name, self.found, None)
        if source is None:
            return None
        self.sources[name] = source
        return format_source(source, self.found)

    def _report(self, data: bytes, formatted: str, name: str) -> None:
        """Says on standard output that, or how, a text differs from its format."""
        self.changed = True
        shown = visible(name)
        self.output.append(_diff(data.decode(), formatted, shown) if self._diff else shown + "\n")

    def _replace(self, path: str, before: bytes, after: bytes) -> bool:
        real = os.path.realpath(path)
        try:
            with durable.locked(real):
                if _read(path) != before:
                    raise durable.OutputError(f"`{path}` has changed meanwhile", "try again")
                durable.replace_file(real, after)
        except durable.OutputError as problem:
            self.unusable = True
            self.found.error(
                "E0209", problem.message, None, problem.help or "the file itself is unchanged"
            )
            return False
        return True

    def _refuse(self, path: str, reason: str) -> None:
        self.unusable = True
        help = "name a regular file by its own name; nothing was changed"
        self.found.error("E0208", f"cannot format `{path}`: {reason}", None, help)


def _read(path: str) -> bytes:
    """The bytes of a regular file.  Raises OSError, for a symbolic link and others too.

    A link is refused since a new file takes the place of the old: of which of the two
    names is then a guess, and in a directory that others write to, theirs.
    """
    if os.path.islink(path):
        raise OSError(0, "it is a symbolic link; name the file that it points to")
    # A FIFO would block the opening otherwise.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is not a regular file")
        return file.read(MAX_BYTES + 1)


def _diff(before: str, after: str, name: str) -> str:
    """A unified diff for patch(1)."""
    old, new = (io.StringIO(text, newline="\n").readlines() for text in (before, after))
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(old, new, name, name)
    )
