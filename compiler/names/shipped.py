"""The profiles that ship with the compiler, as .cell source in compiler/shipped/."""

from __future__ import annotations

import functools
from importlib import resources

from compiler.diagnostics import Diagnostics
from compiler.source import Source
from compiler.syntax import tree as t
from compiler.syntax.parse import parse_policy

#: Names of the shipped profiles, the least strict first.
SHIPPED = ("low", "medium", "high", "confined", "sealed")


@functools.cache
def shipped_profile(name: str) -> tuple[Source, t.Profile]:
    """The source and the definition of a shipped profile; its file is read only when used."""
    text = resources.files("compiler").joinpath(f"shipped/{name}.cell").read_text("utf-8")
    source = Source(f"<cellc>/{name}.cell", text)
    found = Diagnostics()
    (statement,) = parse_policy(source, found)
    assert isinstance(statement.node, t.Profile)
    assert not found.failed
    return source, statement.node
