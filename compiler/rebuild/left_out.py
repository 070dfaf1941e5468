"""Stands for a cell of the model whose text is left out."""

from __future__ import annotations

from typing import NoReturn, cast

from compiler.model.policy import Cell


class LeftOutError(Exception):
    """What is left out may matter: only compiling everything will do."""


def only_if(good: bool) -> None:
    """Goes on as long as nothing that is left out matters.  Raises LeftOutError."""
    if not good:
        raise LeftOutError


class _LeftOut:
    """Has a name, and nothing else that anybody could ask for."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> NoReturn:
        raise LeftOutError


def left_out(name: str) -> Cell:
    """A cell of which only the name is known: LeftOutError is raised when more is asked for."""
    return cast(Cell, _LeftOut(name))


def is_left_out(cell: Cell) -> bool:
    """Whether a cell is one of these."""
    return isinstance(cell, _LeftOut)
