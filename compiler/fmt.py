"""`cellc fmt`: finds policy files and compares or replaces their text."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import BinaryIO

from compiler import durable, files, rewrite
from compiler.diagnostics import Diagnostics
from compiler.files import MAX_BYTES
from compiler.names.project import decode, too_large
from compiler.record import record
from compiler.render.text import visible
from compiler.source import Source
from compiler.syntax.format import format_source

STDIN = "-"

_NO_FILE = "name a regular file by its own name; nothing was changed"
_NO_ACCESS = "check its permissions, and those of the directories above it"


@record
class Result:
    """What to print on standard output, the exit status, and findings with their sources."""

    text: str
    status: int
    found: Diagnostics
    sources: dict[str, Source]


def run(
    paths: Sequence[str], stdin: Callable[[], BinaryIO], *, check: bool = False, diff: bool = False
) -> Result:
    """Formats files, the policies below directories, and standard input for `-`.

    With `check` or `diff` nothing is written; `check` lists the files that differ from
    their format, `diff` shows how.  The status is 2 for a path that cannot be used, 1 for
    a file with syntax errors or, with `check`, another format.
    """
    run = _Run(check, diff)
    for path in dict.fromkeys(paths):
        if path == STDIN:
            run.stream(stdin().read(MAX_BYTES + 1))
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
        """Formats a file, or all policies below a directory but for links, which lead elsewhere."""
        found = [path]
        if os.path.isdir(path):
            found = [file for file in files.below(path) if not os.path.islink(file)]
        if not found:
            help = "name another directory, or a file; links and hidden names do not count"
            self._refuse(path, f"no file below it ends in `{files.SUFFIX}`", help)
        for file in found:
            self._file(file)

    def _file(self, path: str) -> None:
        try:
            data = rewrite.read(path, MAX_BYTES)
        except OSError as problem:
            self._unreadable(path, problem)
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
        text = shown + "\n"
        if self._diff:
            text = rewrite.difference(data.decode(), formatted, shown)
        self.output.append(text)

    def _replace(self, path: str, before: bytes, after: bytes) -> bool:
        try:
            rewrite.replace(path, before, after)
        except durable.OutputError as problem:
            self.unusable = True
            self.found.error(
                "E0209", problem.message, None, problem.help or "the file itself is unchanged"
            )
            return False
        return True

    def _unreadable(self, path: str, problem: OSError) -> None:
        help = _NO_ACCESS if isinstance(problem, PermissionError) else _NO_FILE
        self._refuse(path, (problem.strerror or "unreadable").lower(), help)

    def _refuse(self, path: str, reason: str, help: str) -> None:
        self.unusable = True
        self.found.error("E0208", f"cannot format `{path}`: {reason}", None, help)
