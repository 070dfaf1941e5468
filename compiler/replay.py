"""What a run printed, printed again while nothing that it looked at has changed."""

from __future__ import annotations

import os
import sys
import time

from compiler import cache
from compiler.files import Notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

#: What printed text begins with in an entry: where it went.
_STDOUT, _STDERR = b"1", b"2"


def cache_folder(words: Sequence[str]) -> str | None:
    """The directory that a command line says results are kept in; None for --no-cache."""
    folder = cache.usual_folder()
    for word, value in zip(words, [*words[1:], ""], strict=True):
        if word == "--no-cache":
            return None
        if word == "--cache-dir":
            folder = value
        elif word.startswith("--cache-dir="):
            folder = word[len("--cache-dir=") :]
    return folder


class Replay:
    """What the same command line printed before, while the files it looked at are the same.

    Made before anything else happens: the day in its name is not later than the one that
    the run goes by.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Of the words after the program's name.  Raises OSError without a working directory."""
        stderr = (str(sys.stderr.isatty()), os.environ.get("NO_COLOR"), os.environ.get("TERM"))
        day = str(int(time.time()) // 86400)
        self._folder = cache_folder(words)
        self.name = cache.name_of(
            "run", cache.tool(), os.getcwd(), day, *(word or "" for word in stderr), *words
        )

    def printed(self) -> int | None:
        """Prints it; the exit status, or None after doing nothing."""
        kept = cache.found(self._folder) if self._folder else None
        fields = kept.fields(self.name) if kept else None
        if not fields or not cache.to_notes(fields[0]).hold():
            return None
        for field in fields[2:]:
            stream = sys.stderr if field.startswith(_STDERR) else sys.stdout
            stream.write(field[1:].decode("utf-8", "surrogatepass"))
        sys.stdout.flush()
        sys.stderr.flush()
        return int(fields[1])


class Recording:
    """Keeps what is printed meanwhile, and notes what files are looked at."""

    def __init__(self) -> None:
        self.notes = Notes()
        self._printed: list[bytes] = []
        self._real = (sys.stdout, sys.stderr)

    def __enter__(self) -> Recording:
        self.notes.__enter__()
        sys.stdout = _Copied(sys.stdout, _STDOUT, self._printed)
        sys.stderr = _Copied(sys.stderr, _STDERR, self._printed)
        return self

    def __exit__(self, *failure: object) -> None:
        sys.stdout, sys.stderr = self._real
        self.notes.__exit__()

    def keep(self, kept: cache.Cache, name: str, status: int) -> None:
        """Makes an entry of it, unless files changed meanwhile."""
        if self.notes.torn:
            return
        kept.keep(name, [cache.from_notes(self.notes), b"%d" % status, *self._printed])


class _Copied:
    """A stream whose text is kept, too."""

    def __init__(self, stream: TextIO, mark: bytes, printed: list[bytes]) -> None:
        self._stream = stream
        self._mark = mark
        self._printed = printed

    def write(self, text: str) -> int:
        self._printed.append(self._mark + text.encode("utf-8", "surrogatepass"))
        return self._stream.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
