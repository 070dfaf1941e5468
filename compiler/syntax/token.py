"""Tokens: the terminals of the grammar as they stand in a text."""

from __future__ import annotations


class Token(str):
    """The text of a token, the terminal that it is, and the offsets it lies between."""

    __slots__ = ("end_pos", "line", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int
    line: int
    """Counted from 1; only the formatter needs it and sets it."""


def token(kind: str, value: str, start: int, end: int) -> Token:
    """A token without its line."""
    made = str.__new__(Token, value)
    made.type, made.start_pos, made.end_pos = kind, start, end
    return made
