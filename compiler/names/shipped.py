"""The profiles that ship with the compiler, as .cell source in compiler/shipped/."""

from __future__ import annotations

import functools
from pathlib import Path

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax import tree as t
from compiler.syntax.parse import parse_policy

#: Names of the shipped profiles, the least strict first.
SHIPPED = ("low", "medium", "high", "confined", "sealed")


_FOLDER = "<cellc>/"


def is_shipped(file: str) -> bool:
    """Whether the name of a source is that of a shipped profile."""
    return file.startswith(_FOLDER)


def shipped_source(file: str) -> Source:
    """The source of a shipped profile by its name, such as <cellc>/low.cell."""
    path = f"shipped/{file.removeprefix(_FOLDER)}"
    return Source(file, Path(__file__).parents[1].joinpath(path).read_text("utf-8"))


@functools.cache
def shipped_profile(name: str) -> tuple[Source, t.Profile]:
    """The source and the definition of a shipped profile; its file is read only when used."""
    source = shipped_source(f"{_FOLDER}{name}.cell")
    found = Diagnostics()
    (statement,) = parse_policy(source, found)
    assert isinstance(statement.node, t.Profile)
    assert not found.failed
    return source, statement.node
