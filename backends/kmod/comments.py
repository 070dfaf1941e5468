"""Whom the rows of the tables belong to: comments beside them in the C text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backends.kmod.tables import Tables

#: What stands for ids that the policy does not know, and for a process without limits.
_UNKNOWN, _NO_LIMITS = "unknown ids", "no ceilings"


def comments(t: Tables) -> Mapping[str, Mapping[int, str]]:
    """By array, which rows have a comment, and its text, not yet safe for C.

    A row that several cells share is called after the first of them, by their ids.
    """
    cells = t.cells[1:]
    classes = _first((t.class_of[cell.id], cell.name) for cell in cells)
    commons = _first((t.classes[number].common, name) for number, name in classes.items())
    names = {cell.id: cell.name for cell in cells}
    return {
        "classes": {0: _UNKNOWN} | classes,
        "commons": commons | {0: _UNKNOWN},
        "owners": {
            i: " and ".join([names[id_] for id_ in dict.fromkeys((o.tcp, o.udp)) if id_])
            for i, o in enumerate(t.owners)
        },
        "cells": {0: _UNKNOWN} | {i: cell.name for i, cell in enumerate(cells, 1)},
        "rules": {
            **_first(
                (cell.listens, f"{cell.name}, by which it listens")
                for cell in cells
                if cell.nlistens
            ),
            **_first((cell.owned, f"{cell.name}, its own ports") for cell in cells if cell.nowned),
            **_first((cell.rules, cell.name) for cell in cells if cell.nrules),
        },
        "ceilings": _first((cell.limits, cell.name) for cell in cells) | {0: _NO_LIMITS},
    }


def _first(named: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The first name of each number."""
    found: dict[int, str] = {}
    for number, name in named:
        found.setdefault(number, name)
    return found
