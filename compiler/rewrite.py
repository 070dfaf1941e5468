"""Texts of files read, compared and replaced, for commands that change policies."""

from __future__ import annotations

import difflib
import io
import os
import stat

from compiler import durable


def read(path: str, most: int) -> bytes:
    """The bytes of a regular file, one more than `most` if there are more.

    Raises OSError, for a symbolic link and others too.  A link is refused since a new file
    takes the place of the old: of which of the two names is then a guess, and in a
    directory that others write to, theirs.
    """
    if os.path.islink(path):
        raise OSError(0, "it is a symbolic link; name the file that it points to")
    # A FIFO would block the opening otherwise.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is not a regular file")
        return file.read(most + 1)


def replace(path: str, before: bytes, after: bytes) -> None:
    """Replaces a file that still holds `before`.

    Raises OutputError, and leaves the file as it is, if it does not or cannot be written.
    """
    real = os.path.realpath(path)
    with durable.locked(real):
        if read(path, len(before)) != before:
            raise durable.OutputError(f"`{path}` has changed meanwhile", "try again")
        durable.replace_file(real, after)


def difference(before: str, after: str, name: str) -> str:
    """A unified diff for patch(1)."""
    old, new = (io.StringIO(text, newline="\n").readlines() for text in (before, after))
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(old, new, name, name)
    )


def patch(before: str, after: str, name: str) -> str:
    """A unified diff that `patch -p1` and `git apply` take at the directory that `name` is from."""
    head, _, rest = difference(before, after, "x").partition("\n+++ x\n")
    return f"--- {_quoted('a/' + name)}\n+++ {_quoted('b/' + name)}\n{rest}" if head else ""


def _quoted(name: str) -> str:
    """A name as git writes it: odd ones in quotes, those with blanks before a tab."""
    plain = name.isascii() and name.isprintable() and not set(name) & set('"\\')
    if plain:
        return f"{name}\t" if " " in name else name
    octal = "".join(
        chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in os.fsencode(name)
    )
    return f'"{octal}"'
