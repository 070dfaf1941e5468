"""A directory with results of earlier runs.

A result holds while all questions that led to it have the same answers (compiler.files).
An entry is `digest || payload`; the digest has a key that only the owner of the directory
can read, so that nothing but what this user's cellc wrote is ever taken for a result.  A
damaged, foreign or outdated entry is as good as none.  Entries are written beside their
place and renamed, so runs at the same time or killed ones harm nothing.
"""

from __future__ import annotations

import os
import sys
import time
from _blake2 import blake2b  # hashlib would load OpenSSL

from compiler.files import Notes, digest
from compiler.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

#: Seconds after its last use for which an entry is kept, and between looks for older ones.
KEPT = 14 * 86400
_DAY = 86400
#: Seconds after which nobody is still writing a file that was not renamed.
_ABANDONED = 3600

_KEY = "key"
_DIGEST = 32
_MARKS = {
    ".gitignore": b"*\n",
    "CACHEDIR.TAG": b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by cellc.\n",
}


class UnusableCacheError(Exception):
    """A directory that cannot hold a cache, in words for the user."""


class Cache:
    """The entries in one directory, by names that digests make."""

    def __init__(self, folder: str, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def fields(self, name: str) -> list[bytes] | None:
        """What `keep` was given, or None."""
        path = f"{self._folder}/{name}"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                status = os.fstat(descriptor)
                data = os.read(descriptor, status.st_size)
            finally:
                os.close(descriptor)
            if time.time() - status.st_mtime > _DAY:
                os.utime(path)  # it is of use still
        except OSError:
            return None
        payload = data[_DIGEST:]
        return unpacked(payload) if self._digest(name, payload) == data[:_DIGEST] else None

    def keep(self, name: str, fields: Sequence[bytes]) -> None:
        """Writes an entry; where that fails there is none."""
        payload = packed(fields)
        self._write(name, self._digest(name, payload) + payload)

    def prune(self) -> None:
        """Removes what was not used for long, once a day."""
        mark = f"{self._folder}/pruned"
        now = time.time()
        try:
            if now - os.stat(mark).st_mtime < _DAY:
                return
        except OSError:
            pass  # never before
        self._write("pruned", b"")
        kept = {_KEY, "pruned", *_MARKS}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    most = _ABANDONED if entry.name.startswith(".new-") else KEPT
                    age = now - entry.stat(follow_symlinks=False).st_mtime
                    if entry.name not in kept and age > most:
                        os.unlink(entry.path)
        except OSError:
            pass  # another run removed it first, or the next one will

    def _digest(self, name: str, payload: bytes) -> bytes:
        keyed = blake2b(name.encode(), key=self._key, digest_size=_DIGEST)
        keyed.update(payload)
        return keyed.digest()

    def _write(self, name: str, data: bytes) -> None:
        _put(self._folder, name, data)


def found(folder: str) -> Cache | None:
    """The cache in a directory, if there is one that nobody else can write to."""
    try:
        key = _key(folder)
    except (OSError, UnusableCacheError):
        return None
    return Cache(folder, key) if key else None


def made(folder: str) -> Cache:
    """The same, made if need be.  Raises UnusableCacheError."""
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        key = _key(folder) or _new_key(folder)
    except OSError as problem:
        raise UnusableCacheError(f"{folder} cannot be a cache: {problem.strerror}") from None
    if not key:
        raise UnusableCacheError(f"{folder} cannot be a cache: nothing can be written there")
    return Cache(folder, key)


def _new_key(folder: str) -> bytes:
    """Of two runs that make a cache at once, the last one gives the key."""
    for name, text in _MARKS.items():
        _put(folder, name, text)
    _put(folder, _KEY, os.urandom(_DIGEST))
    return _key(folder)


def usual_folder() -> str | None:
    """Below $XDG_CACHE_HOME or ~/.cache; None where nobody is at home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):  # as the XDG Base Directory Specification has it
        home = os.environ.get("HOME", "")
        if not home.startswith("/"):
            return None
        base = f"{home}/.cache"
    return f"{base}/cellc"


def usual() -> Cache | None:
    """The cache at its usual place, if there can be one."""
    place = usual_folder()
    try:
        return made(place) if place else None
    except UnusableCacheError:
        return None


def tool() -> str:
    """What changes when cellc or what it runs on does: versions, and dates of files."""
    words = [VERSION, sys.version]
    folders = [os.path.dirname(__file__), os.path.dirname(__file__) + "/../grammar"]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name == "__pycache__":
                    continue
                if entry.is_dir():
                    folders.append(entry.path)
                status = entry.stat()
                words.append(f"{entry.path} {status.st_mtime_ns} {status.st_size}")
    # Directories change when packages are installed.
    packages = [path for path in sys.path if path.endswith("-packages") and os.path.isdir(path)]
    words += [f"{path} {os.stat(path).st_mtime_ns}" for path in packages]
    return digest("\0".join(sorted(words)).encode("utf-8", "surrogateescape"))


def name_of(*words: str) -> str:
    """The name of the entry about these words."""
    return digest("\0".join(words).encode("utf-8", "surrogateescape"))


def packed(fields: Sequence[bytes]) -> bytes:
    """Fields as bytes: a line with their sizes, then they themselves."""
    return b" ".join(b"%d" % len(field) for field in fields) + b"\n" + b"".join(fields)


def unpacked(payload: bytes) -> list[bytes] | None:
    """The fields again, or None for bytes that are no such thing."""
    head, _, rest = payload.partition(b"\n")
    try:
        sizes = [int(word) for word in head.split()]
    except ValueError:
        return None
    if any(size < 0 for size in sizes) or sum(sizes) != len(rest):
        return None
    fields = []
    start = 0
    for size in sizes:
        fields.append(rest[start : start + size])
        start += size
    return fields


def from_notes(notes: Notes) -> bytes:
    """Questions and answers, three words each; no path holds a NUL."""
    words = [
        word for (kind, path), answer in notes.answers.items() for word in (kind, path, answer)
    ]
    return "\0".join(words).encode("utf-8", "surrogateescape")


def to_notes(field: bytes) -> Notes:
    """What `from_notes` made bytes of."""
    words = field.decode("utf-8", "surrogateescape").split("\0")
    kinds, paths, answers = words[0::3], words[1::3], words[2::3]
    return Notes(zip(zip(kinds, paths, strict=False), answers, strict=False))


def _key(folder: str) -> bytes:
    """The key; empty if there is none, or a damaged one.

    Raises OSError, and UnusableCacheError if others may write there.
    """
    status = os.stat(folder)
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise UnusableCacheError(f"{folder} is no cache: others may write to it")
    try:
        descriptor = os.open(f"{folder}/{_KEY}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return b""
    try:
        key = os.read(descriptor, _DIGEST + 1)
    finally:
        os.close(descriptor)
    return key if len(key) == _DIGEST else b""


def _put(folder: str, name: str, data: bytes) -> None:
    """A file that is whole or not there; nothing if the disk is full or the like."""
    new = f"{folder}/.new-{os.getpid()}-{time.monotonic_ns()}"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)
        os.rename(new, f"{folder}/{name}")
    except OSError:
        if os.path.lexists(new):
            os.unlink(new)
