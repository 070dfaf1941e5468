"""Finds the cells whose text has changed since the last build, if nothing else has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compiler.rebuild.kept import KeptCell
from compiler.rebuild.left_out import LeftOutError, only_if
from compiler.record import NamedTuple
from compiler.source import Source, Span


class Shift(NamedTuple):
    """What stands after the one change in a file, and how much later it stands there now."""

    end: int
    """Where the changed block ended."""
    characters: int
    line: int
    """The line of that end."""
    lines: int


class Change(NamedTuple):
    """One changed cell at most in each file."""

    cells: Mapping[str, Span]
    """Where the changed ones stand now."""
    texts: Mapping[str, str]
    """The files without the other cells: blanks are in their places."""
    shifts: Mapping[str, Shift]
    """By the names of files."""

    def moved(self, span: Span) -> Span:
        """Where something is now that has not changed."""
        shift = self.shifts.get(span.file)
        if shift is None or span.start < shift.end:
            return span
        return Span(span.file, span.start + shift.characters, span.end + shift.characters)


def find_change(
    before: Mapping[str, Source], now: Mapping[str, str], cells: Mapping[str, KeptCell]
) -> Change:
    """What has changed in files: the insides of one cell in each at most, or LeftOutError."""
    by_file: dict[str, list[tuple[str, KeptCell]]] = {name: [] for name in before}
    for item in cells.items():
        by_file[item[1].file].append(item)
    changed: dict[str, Span] = {}
    texts: dict[str, str] = {}
    shifts: dict[str, Shift] = {}
    for file, source in before.items():
        blocks = sorted(by_file[file], key=lambda item: item[1].start)
        text = now[file]
        if text != source.text:
            name, shift = _changed_block(source, text, blocks)
            start = cells[name].start
            changed[name] = Span(file, start, shift.end + shift.characters)
            shifts[file] = shift
        texts[file] = _without(text, [block for block in blocks if block[0] not in changed], shifts)
    return Change(changed, texts, shifts)


def _changed_block(
    source: Source, text: str, blocks: Sequence[tuple[str, KeptCell]]
) -> tuple[str, Shift]:
    """The cell that holds all of the change between its first and its last character."""
    old = source.text
    first = _alike(old, text)
    most = min(len(old), len(text)) - first
    last = len(old) - _alike(old[::-1], text[::-1], most)
    characters = len(text) - len(old)
    for name, cell in blocks:
        if cell.start < first and last < cell.end:
            line, _ = source.position(cell.end)
            rest = old[cell.end :].partition("\n")[0].strip()
            only_if(not rest or rest.startswith("#"))  # it would change its column
            ahead = old[: cell.begin].rpartition("\n")[2].strip()
            only_if(not ahead)  # a comment in the line is about it, too
            lines = text.count("\n", cell.start, cell.end + characters)
            lines -= old.count("\n", cell.start, cell.end)
            return name, Shift(cell.end, characters, line, lines)
    raise LeftOutError


def _alike(one: str, other: str, most: int | None = None) -> int:
    """How many characters are the same in both from the start on."""
    low, high = 0, min(len(one), len(other)) if most is None else most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _without(text: str, blocks: Sequence[tuple[str, KeptCell]], shifts: Mapping[str, Shift]) -> str:
    """A text with blanks in the places of some cells: all else is in its line and column."""
    parts: list[str] = []
    position = 0
    for _, cell in blocks:
        shift = shifts.get(cell.file)
        by = shift.characters if shift is not None and cell.start >= shift.end else 0
        parts += text[position : cell.begin + by], _blank(text[cell.begin + by : cell.end + by])
        position = cell.end + by
    return "".join([*parts, text[position:]])


def _blank(text: str) -> str:
    """Blanks in as many lines of the same lengths."""
    return "\n".join([" " * len(line) for line in text.split("\n")])
