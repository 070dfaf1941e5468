"""The types of settings: each constraint has one home here, with its code and remedy."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Annotated

from compiler.diagnostics import nearest, quoted
from compiler.model.constraint import After, Before, UnfitError

#: MAXPATHLEN of sys/syslimits.h counts the NUL.
MAX_PATH = 1023
#: LOGIN_NAME_MAX of limits.h on NetBSD is 17 with the NUL; packages use longer ones.
MAX_USER = 32
#: The largest uid_t a password file may hold (pwd_mkdb(8) warns above INT_MAX).
MAX_UID = 2**31 - 1
#: rlim_t is unsigned 64 bit; RLIM_INFINITY is the largest signed value (sys/resource.h).
MAX_LIMIT = 2**63 - 2
#: NAME_MAX of sys/syslimits.h: the longest name in a path.
MAX_NAME = 511
#: Longest single argument.
MAX_ARGUMENT = 32768
#: ARG_MAX of sys/syslimits.h: all arguments, each with its NUL and its pointer.
MAX_ARGUMENTS = 262144
_POINTER = 8
#: Directories that the host itself needs at their places (hier(7)).
HOST_DIRECTORIES = (
    *("/", "/bin", "/dev", "/etc", "/home", "/kern", "/lib", "/libdata", "/libexec", "/proc"),
    *("/rescue", "/root", "/sbin", "/stand", "/tmp", "/usr", "/var"),
)

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = r"(?a)(0|[1-9][0-9]{0,18})([KMGT]?)"
_DURATION = r"(?a)(0|[1-9][0-9]{0,8})(ms|s|m|h)"
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_USER = r"(?a)[A-Za-z_][A-Za-z0-9_.-]*\$?"
_ENV = r"(?a)[A-Za-z_][A-Za-z0-9_]*"
_SHA256 = r"(?a)[0-9A-Fa-f]{64}"
_TAG = r"[\x21-\x7e]{1,63}"


def absolute_path(path: str) -> str:
    """A normal absolute path without control characters, at most MAX_PATH bytes."""
    if not path.startswith("/"):
        raise UnfitError("E0501", f"{quoted(path)} is not an absolute path", "begin it with `/`")
    if not path.isprintable() and any(ord(c) < 32 or ord(c) == 127 for c in path):
        raise UnfitError(
            "E0502",
            "a path cannot hold control characters",
            "leave it out; mount tables are lines of text",
        )
    length = len(path.encode())
    if length > MAX_PATH:
        raise UnfitError(
            "E0503", f"this path is longer than {MAX_PATH} bytes", "MAXPATHLEN is 1024 with its NUL"
        )
    if length > MAX_NAME and any(len(name.encode()) > MAX_NAME for name in path.split("/")):
        raise UnfitError(
            "E0503", f"a name in this path is longer than {MAX_NAME} bytes", "shorten it"
        )
    normal = posixpath.normpath(path).replace("//", "/", 1)
    if normal != path:
        raise UnfitError(
            "E0504", f"{quoted(path)} is not in its shortest form", f"write {quoted(normal)}"
        )
    return path


def cell_root(path: str) -> str:
    """A directory of the host that a cell may be confined to."""
    if path in HOST_DIRECTORIES:
        raise UnfitError(
            "E0505",
            f"`{path}` belongs to the host and cannot be the root of a cell",
            "give the cell a directory of its own, such as `/var/cells/NAME`",
        )
    return path


def mount_target(path: str) -> str:
    """A place inside a cell's root for a mount."""
    if path == "/":
        raise UnfitError("E0507", "a mount cannot cover the whole root", "use `root` for that")
    if path == "/dev" or path.startswith("/dev/"):
        raise UnfitError(
            "E0508", "`/dev` is made from `devices`", "name the nodes in `devices { ... }`"
        )
    return path


def user_name(word: str) -> str:
    """A user or group: digits, or a name of passwd(5)."""
    if re.fullmatch(r"[0-9]+", word):
        if len(word) > 10 or int(word) > MAX_UID or (word[0] == "0" and word != "0"):
            raise UnfitError("E0513", f"{quoted(word)} is not a user id", f"ids are 0 to {MAX_UID}")
        return word
    if not re.fullmatch(_USER, word) or len(word) > MAX_USER:
        raise UnfitError(
            "E0514",
            f"{quoted(word)} is not a user or group name",
            f"use letters, digits, `_`, `.` and `-`, at most {MAX_USER}; or a number",
        )
    return word


def size(raw: object) -> int:
    """A size such as 512, 64K, 1G, in bytes or units."""
    match = re.fullmatch(_SIZE, str(raw))
    if match is None:
        help = "write a whole number, or one with K M G T"
        raise UnfitError("E0517", f"{quoted(str(raw))} is not a size", help)
    value = int(match[1]) * _UNITS[match[2]]
    if value > MAX_LIMIT:
        raise UnfitError("E0517", f"{quoted(str(raw))} is too large", f"the most is {MAX_LIMIT}")
    return value


def duration(raw: object) -> int:
    """A duration such as 500ms, 10s, 5m, 1h, in milliseconds."""
    match = re.fullmatch(_DURATION, str(raw))
    if match is None:
        raise UnfitError(
            "E0539", f"{quoted(str(raw))} is not a duration", "write 500ms, 10s, 5m or 1h"
        )
    return int(match[1]) * _MILLISECONDS[match[2]]


def argument(text: str) -> str:
    """One argument of a program."""
    if len(text.encode()) > MAX_ARGUMENT:
        raise UnfitError(
            "E0523", f"this argument is longer than {MAX_ARGUMENT} bytes", "keep it in a file"
        )
    return text


def program(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A program by its absolute path, and its arguments."""
    absolute_path(argv[0])
    if argv[0] == "/":
        raise UnfitError("E0524", "`/` is not a program", "name a file")
    if sum(len(word.encode()) + 1 + _POINTER for word in argv) > MAX_ARGUMENTS:
        raise UnfitError(
            "E0523", f"these arguments take more than {MAX_ARGUMENTS} bytes", "use a file"
        )
    return argv


def environment_name(name: str) -> str:
    """A name that sh(1) takes for a variable."""
    if not re.fullmatch(_ENV, name) or len(name) > 255:
        raise UnfitError(
            "E0532", f"{quoted(name)} cannot name a variable", "use letters, digits and `_`"
        )
    return name


def sha256(text: str) -> str:
    """A SHA-256 digest as 64 hexadecimal digits, in lower case."""
    if not re.fullmatch(_SHA256, text):
        raise UnfitError(
            "E0525",
            "this is not a SHA-256 digest",
            "write the 64 hexadecimal digits that `cksum -a sha256 FILE` prints",
        )
    return text.lower()


def tag(text: str) -> str:
    """A syslog tag: what logger(1) -t puts before each line."""
    if not re.fullmatch(_TAG, text) or text.startswith("-"):
        help = "use up to 63 visible ASCII characters, the first no `-`"
        raise UnfitError("E0537", f"{quoted(text)} is not a log tag", help)
    return text


def one_of_words(words: Sequence[str]) -> str:
    """Words as a choice: a, b or c."""
    return f"{', '.join(words[:-1])} or {words[-1]}"


def one_of(code: str, what: str, words: tuple[str, ...]) -> Before:
    """The constraint to words from a fixed list; it comes before a Literal could complain.

    Of two words none is guessed: `r` may be meant for `ro` or for `rw`.
    """
    guessed = words if len(words) > 2 else ()

    def check(word: str) -> str:
        if word not in words:
            help = nearest(word, guessed) or f"use {one_of_words(words)}"
            raise UnfitError(code, f"{quoted(word)} is not {what}", help)
        return word

    return Before(check)


AbsolutePath = Annotated[str, After(absolute_path)]
CellRoot = Annotated[AbsolutePath, After(cell_root)]
MountTarget = Annotated[AbsolutePath, After(mount_target)]
UserName = Annotated[str, After(user_name)]
Size = Annotated[int, Before(size)]
Duration = Annotated[int, Before(duration)]
Argument = Annotated[str, After(argument)]
Program = Annotated[tuple[Argument, ...], After(program)]
EnvironmentName = Annotated[str, After(environment_name)]
Sha256 = Annotated[str, After(sha256)]
Tag = Annotated[str, After(tag)]
