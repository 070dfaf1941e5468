"""What sysctl(8) makes of a file given with -f: a model of fparseln(3) and its parser."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    name: str
    value: str
    forgiving: bool
    """`?=`: an unknown node is no error."""


def parse(text: str) -> list[Line]:
    """The assignments of a sysctl.conf(5) file, in order.

    Raises ValueError for a line that sysctl(8) would complain about.
    """
    return [_assignment(line) for line in _logical_lines(text) if line]


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    pending = ""
    for raw in text.split("\n"):
        line = pending + raw.partition("#")[0]
        continued = "#" not in raw and raw.endswith("\\") and not raw.endswith("\\\\")
        pending = line[:-1] if continued else ""
        if not continued:
            lines.append(line)
    return [*lines, pending]


def _assignment(line: str) -> Line:
    name, equals, value = line.partition("=")
    if not equals or "\0" in line:
        raise ValueError(f"sysctl(8) would not set anything: {line!r}")
    forgiving = name.endswith("?")
    name = name.removesuffix("?")
    if name != name.strip():
        raise ValueError(f"a blank beside the name: {line!r}")
    return Line(name, value.lstrip(" \t\v\f\r"), forgiving)
