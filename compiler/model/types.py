"""The types of settings: each constraint has one home here, with its code and remedy.

A validator raises PydanticCustomError whose type is a diagnostic code; its context
carries the help text.  `compiler.model.validate` makes diagnostics of them.
"""

from __future__ import annotations

import posixpath
import re
from typing import Annotated, LiteralString

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from compiler.diagnostics import nearest

#: MAXPATHLEN of sys/syslimits.h counts the NUL.
MAX_PATH = 1023
#: LOGIN_NAME_MAX of limits.h on NetBSD is 17 with the NUL; packages use longer ones.
MAX_USER = 32
#: The largest uid_t a password file may hold (pwd_mkdb(8) warns above INT_MAX).
MAX_UID = 2**31 - 1
#: rlim_t is unsigned 64 bit; RLIM_INFINITY is the largest signed value (sys/resource.h).
MAX_LIMIT = 2**63 - 2
#: Longest single argument; NetBSD's ARG_MAX is 256 KiB for all together.
MAX_ARGUMENT = 32768

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"([0-9]{1,19})([KMGT]?)", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h)", re.ASCII)
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?", re.ASCII)
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)
_TAG = re.compile(r"[\x21-\x7e]{1,63}")


def fail(code: LiteralString, message: str, help: str = "") -> PydanticCustomError:
    """The error for a value that breaks a constraint."""
    return PydanticCustomError(code, "{message}", {"message": message, "help": help})


def shown(text: str) -> str:
    """A user's text as messages quote it: short, and on one line."""
    line = "".join(c if c.isprintable() else "?" for c in text[:61])
    return f"`{line[:57]}...`" if len(line) > 60 else f"`{line}`"


def absolute_path(path: str) -> str:
    """A normal absolute path without control characters, at most MAX_PATH bytes."""
    if not path.startswith("/"):
        raise fail("E0501", f"{shown(path)} is not an absolute path", "begin it with `/`")
    if any(ord(c) < 32 or ord(c) == 127 for c in path):
        raise fail(
            "E0502", "a path cannot hold control characters", "mount tables are lines of text"
        )
    if len(path.encode()) > MAX_PATH:
        raise fail(
            "E0503", f"this path is longer than {MAX_PATH} bytes", "MAXPATHLEN is 1024 with its NUL"
        )
    normal = posixpath.normpath(path).replace("//", "/", 1)
    if normal != path:
        raise fail("E0504", f"{shown(path)} is not in its shortest form", f"write {shown(normal)}")
    return path


def cell_root(path: str) -> str:
    """A directory of the host that a cell may be confined to."""
    if path == "/":
        raise fail(
            "E0505", "the root of the host cannot be the root of a cell", "give it a directory"
        )
    return path


def mount_target(path: str) -> str:
    """A place inside a cell's root for a mount."""
    if path == "/":
        raise fail("E0506", "a mount cannot cover the whole root", "use `root` for that")
    if path == "/dev" or path.startswith("/dev/"):
        raise fail("E0507", "`/dev` is made from `devices`", "name the nodes in `devices { ... }`")
    if path == "/.overlay" or path.startswith("/.overlay/"):
        raise fail("E0508", "`/.overlay` is where the writable overlay is kept")
    return path


def user_name(word: str) -> str:
    """A user or group: digits, or a name of passwd(5)."""
    if re.fullmatch(r"[0-9]+", word, re.ASCII):
        if len(word) > 10 or int(word) > MAX_UID or (word[0] == "0" and word != "0"):
            raise fail("E0509", f"{shown(word)} is not a user id", f"ids are 0 to {MAX_UID}")
        return word
    if not _USER.fullmatch(word) or len(word) > MAX_USER:
        raise fail(
            "E0510",
            f"{shown(word)} is not a user or group name",
            f"letters, digits, `_`, `.` and `-`, at most {MAX_USER} characters, or a number",
        )
    return word


def size(raw: object) -> int:
    """A size such as 512, 64K, 1G, in bytes or units."""
    match = _SIZE.fullmatch(str(raw))
    value = int(match[1]) * _UNITS[match[2]] if match else MAX_LIMIT + 1
    if value > MAX_LIMIT:
        raise fail(
            "E0511", f"{shown(str(raw))} is not a size", "write a number, or one with K M G T"
        )
    return value


def duration(raw: object) -> int:
    """A duration such as 500ms, 10s, 5m, 1h, in milliseconds."""
    match = _DURATION.fullmatch(str(raw))
    if match is None:
        raise fail("E0512", f"{shown(str(raw))} is not a duration", "write 500ms, 10s, 5m or 1h")
    return int(match[1]) * _MILLISECONDS[match[2]]


def argument(text: str) -> str:
    """One argument of a program."""
    if len(text.encode()) > MAX_ARGUMENT:
        raise fail(
            "E0513", f"this argument is longer than {MAX_ARGUMENT} bytes", "keep it in a file"
        )
    return text


def program(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A program by its absolute path, and its arguments."""
    absolute_path(argv[0])
    if argv[0] == "/":
        raise fail("E0514", "`/` is not a program", "name a file")
    return argv


def environment_name(name: str) -> str:
    """A name that sh(1) takes for a variable."""
    if not _ENV.fullmatch(name) or len(name) > 255:
        raise fail("E0515", f"{shown(name)} cannot name a variable", "letters, digits and `_`")
    return name


def sha256(text: str) -> str:
    """A SHA-256 digest as 64 hexadecimal digits, in lower case."""
    if not _SHA256.fullmatch(text):
        raise fail(
            "E0516", "this is not a SHA-256 digest", "64 hexadecimal digits: `cksum -a sha256`"
        )
    return text.lower()


def tag(text: str) -> str:
    """A syslog tag: what logger(1) -t puts before each line."""
    if not _TAG.fullmatch(text) or text.startswith("-"):
        raise fail("E0517", f"{shown(text)} is not a log tag", "up to 63 visible ASCII characters")
    return text


def one_of(code: LiteralString, what: str, words: tuple[str, ...]) -> BeforeValidator:
    """A validator for words from a fixed list; it runs before a Literal could complain."""

    def check(word: str) -> str:
        if word not in words:
            help = nearest(word, words) or f"one of {', '.join(words)}"
            raise fail(code, f"{shown(word)} is not {what}", help)
        return word

    return BeforeValidator(check)


AbsolutePath = Annotated[str, AfterValidator(absolute_path)]
CellRoot = Annotated[AbsolutePath, AfterValidator(cell_root)]
MountTarget = Annotated[AbsolutePath, AfterValidator(mount_target)]
UserName = Annotated[str, AfterValidator(user_name)]
Size = Annotated[int, BeforeValidator(size)]
Duration = Annotated[int, BeforeValidator(duration)]
Argument = Annotated[str, AfterValidator(argument)]
Program = Annotated[tuple[Argument, ...], AfterValidator(program)]
EnvironmentName = Annotated[str, AfterValidator(environment_name)]
Sha256 = Annotated[str, AfterValidator(sha256)]
Tag = Annotated[str, AfterValidator(tag)]
