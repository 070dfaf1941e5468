"""Files that are whole or absent, whatever kills the process or the machine."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence

#: From this many files on, one sync(2) costs less than fsync(2) of each.
_MANY = 256


class OutputError(Exception):
    """Something cannot be written; `help` says what the user can do about it."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help

    @property
    def advice(self) -> str:
        """What is wrong and what to do, on one line."""
        return f"{self.message}; {self.help}" if self.help else self.message


def beside(path: str, purpose: str) -> str:
    """The hidden name beside `path` that cellc uses for `purpose`."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}.cellc-{purpose}")


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Keeps other processes from writing `path`, by a lock on a file beside it.

    The file is gone afterwards; one that a killed process left is taken over.
    Raises OutputError when another process holds the lock; an OSError of the body or of
    the locking becomes an OutputError too.
    """
    try:
        name = beside(path, "lock")
        descriptor = _lock(name, path)
        try:
            yield
        finally:
            os.unlink(name)
            os.close(descriptor)
    except OSError as error:
        # A name of ours that is not there says nothing to anybody.
        there = error.filename is not None and os.path.lexists(error.filename)
        reason = f"cannot write `{error.filename if there else path}`: {error.strerror}"
        raise OutputError(reason) from error


def create_file(path: str, content: bytes, mode: int) -> None:
    """A new file with exactly these permissions.  Raises FileExistsError, OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def replace_file(path: str, content: bytes) -> None:
    """Puts `content` in place of the file `path`, whose permissions stay.

    The caller holds `locked(path)`.  Raises OSError, and then `path` is as it was.
    """
    try:
        mode = os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    temporary = beside(path, "new")
    remove(temporary)
    try:
        create_file(temporary, content, mode)
        sync([temporary], [])
        os.rename(temporary, path)
    except OSError:
        remove(temporary)
        raise
    sync([], [os.path.dirname(path)])


def sync(files: Sequence[str], directories: Sequence[str]) -> None:
    """Waits until these files and the names in these directories are on the disk."""
    # sync(2) waits for the disk on Linux only; elsewhere it merely starts to write.
    if sys.platform == "linux" and len(files) >= _MANY:
        os.sync()
        return
    for path in (*files, *directories):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: str) -> None:
    """Removes a file, a link or a tree, if there is one.  Raises OSError."""
    if not os.path.lexists(path):
        return
    if os.path.islink(path) or not os.path.isdir(path):
        os.unlink(path)
        return
    directories = [path]
    for directory in directories:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    directories.append(entry.path)
                else:
                    os.unlink(entry.path)
    for directory in reversed(directories):
        os.rmdir(directory)


def _lock(name: str, path: str) -> int:
    """A descriptor of the locked file `name`."""
    while True:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held the lock before may have unlinked the file that is locked now.
            if os.path.samestat(os.fstat(descriptor), os.lstat(name)):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError:
            os.close(descriptor)
            message = f"another cellc is writing `{path}`"
            raise OutputError(message, "wait for it to end and try again") from None
        os.close(descriptor)
