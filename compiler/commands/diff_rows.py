"""What `cellc diff` found, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.analysis.compare import Answer, Direction
from compiler.analysis.settings import SettingChange
from compiler.record import NamedTuple
from compiler.source import Span

_Place = Mapping[str, Any]
"""File, line, column and text."""


class Sourced(NamedTuple):
    """A rule and where it stands."""

    id: str
    place: _Place
    reason: str | None
    span: Span

    @property
    def fields(self) -> dict[str, Any]:
        return {"id": self.id, **self.place}

    @property
    def text(self) -> str:
        return f"{self.place['file']}:{self.place['line']}  {self.place['text']}"


class DecisionRow(NamedTuple):
    """Requests that are answered otherwise, as one pattern."""

    direction: Direction
    request: str
    witness: str
    before: Answer
    after: Answer
    old: Sourced | None
    new: Sourced | None
    reason: str | None
    """The @reason of the new rule, or of the settings that make a difference."""
    classes: int
    requests: int

    @property
    def unjustified(self) -> bool:
        return self.direction == "widened" and self.reason is None

    @property
    def turn(self) -> str:
        """The vote, or what becomes of it."""
        was, now = self.before.effect, self.after.effect
        return was if was == now else f"{was} -> {now}"

    @property
    def outcome(self) -> str:
        was, now = self.before.result, self.after.result
        return was if was == now else f"{was} -> {now}"


class SettingRow(NamedTuple):
    """A setting that is another."""

    change: SettingChange
    old: _Place | None
    new: _Place | None
    reason: str | None

    @property
    def unjustified(self) -> bool:
        return self.change.direction == "widened" and self.reason is None

    @property
    def turn(self) -> str:
        """What it was and is; settings that only stand there or not have no values."""
        before, after = self.change.before, self.change.after
        if before is None or after is None:
            word, item = ("new", after) if before is None else ("gone", before)
            assert item is not None
            return f"{word}: {item.value}" if item.value else word
        return f"{before.value or 'none'} -> {after.value or 'none'}"

    @property
    def text(self) -> str:
        """The setting in words."""
        key = self.change.key
        if key.kind == "cell":
            return f"cell {key.cell}"
        return f"{key.cell}: {key.text}" if key.cell else key.text


class Count(NamedTuple):
    """How much was widened, narrowed or moved."""

    classes: int
    requests: int
    rows: tuple[DecisionRow, ...]


class Rows(NamedTuple):
    """All of it."""

    old: str
    new: str
    decisions: tuple[DecisionRow, ...]
    settings: tuple[SettingRow, ...]

    def total(self, direction: Direction) -> Count:
        rows = tuple(row for row in self.decisions if row.direction == direction)
        return Count(sum(r.classes for r in rows), sum(r.requests for r in rows), rows)

    @property
    def unjustified(self) -> int:
        """Widened requests and settings for which nobody gives a reason, in rows."""
        return sum(r.unjustified for r in self.decisions) + sum(
            r.unjustified for r in self.settings
        )


def counted(classes: int, requests: int) -> str:
    """How much something is, in words."""
    return f"{classes} {'class' if classes == 1 else 'classes'}, {number(requests, 'request')}"


def number(count: int, word: str) -> str:
    """So many of something."""
    return f"{count} {word}{'s' * (count != 1)}"
