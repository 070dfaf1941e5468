"""What is asked of the file system while a policy is checked, noted so that it can be asked again.

The answer to a check depends on files, on files that are absent, on links and on what
directories list.  Whoever looks at any of these does so by the functions here.  Notes
hold each question with a digest of its answer: when all answers are the same again, so is
whatever was made of them.  Imports next to nothing: it is all that an unchanged check runs.
"""

from __future__ import annotations

import os
import stat
from _blake2 import blake2b  # hashlib would load OpenSSL
from errno import EINVAL, EISDIR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Larger files are not policies; refusing them keeps memory bounded.
MAX_BYTES = 64 * 1024 * 1024
#: What names of policies end in.
SUFFIX = ".cell"
#: What names begin with of files that programs keep for themselves.
_HIDDEN = "."

Question = tuple[str, str]
"""What is asked, a key of _ANSWERS, and about which path."""


class NotRegularError(OSError):
    """What should be a file is a device, a FIFO or a socket: reading could wait for ever."""


class Notes:
    """Questions and their answers, of contents and lists the digests.  Taken while entered."""

    def __init__(self, answers: Iterable[tuple[Question, str]] = ()) -> None:
        self.answers: dict[Question, str] = dict(answers)
        self.torn = False
        """Whether the same question had two answers: files changed meanwhile."""

    def __enter__(self) -> Notes:
        _taken.append(self)
        return self

    def __exit__(self, *failure: object) -> None:
        _taken.remove(self)
        _forget()

    def note(self, question: Question, answer: str) -> None:
        """Keeps an answer."""
        if self.answers.setdefault(question, answer) != answer:
            self.torn = True

    def hold(self) -> bool:
        """Whether everything, asked again, is as it was; notes that are taken get it all."""
        as_noted = all(_again(question) == answer for question, answer in self.answers.items())
        _forget()
        for notes in _taken if as_noted else ():
            for question, answer in self.answers.items():
                notes.note(question, answer)
        return as_noted


#: Notes that are being taken.
_taken: list[Notes] = []
#: Answers that are not asked for twice while the same notes are taken.
_known: dict[Question, str] = {}


def _forget() -> None:
    """Nobody knows what happens while no notes are taken."""
    if not _taken:
        _known.clear()


def digest(data: bytes) -> str:
    """32 hexadecimal digits."""
    return blake2b(data, digest_size=16).hexdigest()


def _again(question: Question) -> str:
    answer = _known.get(question)
    if answer is None:
        kind, path = question
        answer = _known[question] = _ANSWERS[kind](path)
    return answer


def read(path: str) -> bytes:
    """The bytes of a regular file, MAX_BYTES + 1 of them if there are more.

    Raises OSError: IsADirectoryError, NotRegularError, or what the system says.
    """
    try:
        data = _read(path)
    except OSError as problem:
        _note("read", path, _failure(problem))
        raise
    _note("read", path, _content(data))
    return data


def kind(path: str) -> str:
    """`file`, `directory`, `other`, or nothing when nothing is there or can be seen."""
    answer = _known.get(("kind", path))
    if answer is None:
        answer = _known["kind", path] = _kind(path)
    _note("kind", path, answer)
    _forget()
    return answer


def real(path: str) -> str:
    """The absolute path without symbolic links, as os.path.realpath() makes it."""
    answer = _real(path)
    _note("real", path, answer)
    _forget()
    return answer


def names(folder: str) -> list[str]:
    """The sorted names in a directory that end in SUFFIX; none if it cannot be read."""
    found = _names(folder)
    _note("names", folder, _list(found))
    return found


def below(folder: str) -> list[str]:
    """Files below a directory whose names end in SUFFIX, and directories that cannot be read.

    Follows links to files but none to directories.  Hidden files do not count, nor what lies in
    hidden directories.  Links that lead nowhere and FIFOs are there, too: whoever reads one of
    these is told what is wrong with it.
    """
    found = _below(folder)
    _note("below", folder, _list(found))
    return found


def _note(kind: str, path: str, answer: str) -> None:
    for notes in _taken:
        notes.note((kind, path), answer)


def _read(path: str) -> bytes:
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        if stat.S_ISDIR(mode):
            os.scandir(path).close()  # says so if nobody may list it
            raise IsADirectoryError(EISDIR, "Is a directory", path)
        raise NotRegularError(EINVAL, "Not a regular file", path)
    # Without waiting, should a FIFO have taken its place.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        parts = []
        left = MAX_BYTES + 1
        while left > 0 and (data := os.read(descriptor, min(left, 1 << 20))):
            parts.append(data)
            left -= len(data)
    finally:
        os.close(descriptor)
    return b"".join(parts)


def _content(data: bytes) -> str:
    return digest(data) if len(data) <= MAX_BYTES else "large"


def _failure(problem: OSError) -> str:
    return f"{type(problem).__name__} {problem.errno}"


def _read_again(path: str) -> str:
    try:
        return _content(_read(path))
    except OSError as problem:
        return _failure(problem)


def _kind(path: str) -> str:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return ""
    return "file" if stat.S_ISREG(mode) else "directory" if stat.S_ISDIR(mode) else "other"


def _real(path: str) -> str:
    """Resolves each directory once, since thousands of files lie in the same."""
    folder, name = os.path.split(path)
    if name in ("", ".", "..") or "\0" in path:
        return os.path.realpath(path)
    above = _known.get(("folder", folder))
    if above is None:
        above = _known["folder", folder] = os.path.realpath(folder)
    plain = os.path.join(above, name)
    try:
        os.readlink(plain)
    except OSError:
        return plain
    return os.path.realpath(plain)


def _names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder or ".") if name.endswith(SUFFIX))
    except OSError:
        return []


def _below(folder: str) -> list[str]:
    found: list[str] = []
    folders = [folder]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith(_HIDDEN):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.name.endswith(SUFFIX) and not os.path.isdir(entry.path):
                        found.append(entry.path)
        except FileNotFoundError:  # gone meanwhile
            continue
        except OSError:
            found.append(folder)
    found.sort()
    return found


def _list(found: list[str]) -> str:
    return digest(b"\0".join(map(os.fsencode, found)))


_ANSWERS: dict[str, Callable[[str], str]] = {
    "read": _read_again,
    "kind": _kind,
    "real": _real,
    "names": lambda folder: _list(_names(folder)),
    "below": lambda folder: _list(_below(folder)),
}
