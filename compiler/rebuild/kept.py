"""What a build keeps for the next one of the same policy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from compiler import cache
from compiler.files import Notes
from compiler.record import NamedTuple, record
from compiler.source import Span


class KeptText(NamedTuple):
    """A file of the policy as it was."""

    path: str
    text: str


class Places(NamedTuple):
    """Where things stand in the block of a cell, counted from its start."""

    rules: Sequence[tuple[int, int]]
    """Its own rules, in the order of the IR."""
    settings: Sequence[tuple[str, int, int]]
    """What it sets of which the most derived value counts."""


class KeptCell(NamedTuple):
    """The block of a cell."""

    file: str
    begin: int
    """Where its annotations begin, if it has any."""
    start: int
    end: int
    statements: int
    """In the block, and itself."""
    within: str
    """`places` as JSON: few of them are asked for."""

    @property
    def places(self) -> Places:
        return Places(*json.loads(self.within))

    @property
    def span(self) -> Span:
        return Span(self.file, self.start, self.end)


class KeptRule(NamedTuple):
    """A rule of a profile or a template, which is several where arguments change it."""

    span: Span
    scope: str
    numbers: Sequence[int]
    """In the IR."""


@record
class Kept:
    """A build without findings."""

    notes: Notes
    """What was asked of the file system, the texts of the policy aside."""
    texts: Mapping[str, KeptText]
    """By the names of their sources."""
    digests: Mapping[str, str]
    """Of the files of the build that are read again."""
    cells: Mapping[str, KeptCell]
    """In the order of their definitions."""
    settings: Mapping[str, Sequence[tuple[str, Span]]]
    """What profiles and templates set, by scope, as in Places."""
    rules: Sequence[KeptRule]
    shipped: Sequence[str]
    """The profiles of cellc's own that are used."""
    contested: frozenset[int]
    """Ids that several rules would have."""


def pack(kept: Kept) -> list[bytes]:
    """Fields for an entry of the cache."""
    document = {
        "texts": kept.texts,
        "digests": kept.digests,
        "cells": kept.cells,
        "settings": kept.settings,
        "rules": kept.rules,
        "shipped": kept.shipped,
        "contested": sorted(kept.contested),
    }
    return [json.dumps(document).encode(), cache.from_notes(kept.notes)]


def unpack(fields: Sequence[bytes]) -> Kept:
    """What `pack` made such fields of."""
    document: dict[str, Any] = json.loads(fields[0])
    return Kept(
        notes=cache.to_notes(fields[1]),
        texts={name: KeptText(*row) for name, row in document["texts"].items()},
        digests=document["digests"],
        cells={name: KeptCell(*row) for name, row in document["cells"].items()},
        settings={
            scope: [(name, Span(*span)) for name, span in rows]
            for scope, rows in document["settings"].items()
        },
        rules=[KeptRule(Span(*span), scope, numbers) for span, scope, numbers in document["rules"]],
        shipped=document["shipped"],
        contested=frozenset(document["contested"]),
    )
