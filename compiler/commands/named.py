"""The files that a command line names: policies, and parts of policies below directories."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from compiler import files
from compiler.pattern import pattern
from compiler.record import NamedTuple

#: What makes a file the root file of a policy; other statements and annotations may stand before.
_HEADER = pattern(
    rb"^(?:\xef\xbb\xbf)?"
    rb'(?:(?:[^#"\n]|"(?:[^"\\\n]|\\.)*+")*?(?:(?<=[;}"])|@until[ \t]+[0-9-]+))?'
    rb"[ \t]*policy(?:\s+[A-Za-z]|\s*#)",
    re.MULTILINE,
)
_REMARKS = rb"(?:[ \t\r]*+(?:#[^\n]*+)?\n)*+"
#: A file of celladm(8), whose names end as those of policies do.
_MANIFEST = pattern(rb"(?:%b[ \t]*+\w++[ \t]*+=[^\n]*+\n)++%b" % (_REMARKS, _REMARKS))


class Named(NamedTuple):
    """Root files of policies, and other files below directories: parts of policies, if any."""

    policies: list[Path]
    parts: list[Path]


def named(paths: Iterable[Path]) -> Named | None:
    """What paths name, each once; None after saying that there is no policy below one."""
    policies: dict[Path, None] = {}
    parts: dict[Path, None] = {}
    for path in paths:
        here = _named(path)
        if not here.policies:
            from compiler.render.text import visible

            sys.stderr.write(
                f"cellc: no `.cell` file below `{visible(str(path))}` has a `policy` line: name"
                " another directory, or a file\n"
            )
            return None
        policies.update(dict.fromkeys(here.policies))
        parts.update(dict.fromkeys(here.parts))
    return Named(list(policies), list(parts))


def policies_at(path: Path) -> list[Path]:
    """The file itself, or the root files of policies below a directory, in name order."""
    return _named(path).policies


def _named(path: Path) -> Named:
    here = Named([], [])
    if files.kind(str(path)) != "directory":
        here.policies.append(path)
        return here
    for file in sorted(map(Path, files.below(str(path)))):
        data = _content(file)
        if data is None or _HEADER.search(data):
            here.policies.append(file)
        elif not _MANIFEST.fullmatch(data + b"\n"):
            here.parts.append(file)
    return here


def _content(path: Path) -> bytes | None:
    """What a file holds; None if that is no text.

    What cannot be read may hold a policy, and counts as one: compiling it says what is wrong.
    """
    try:
        data = files.read(str(path))
        data.decode()
    except (OSError, UnicodeDecodeError):
        return None
    return data
