"""Rows of the ledger and the source map that are taken over from the build before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby

from compiler import sourcemap
from compiler.driver import Program
from compiler.ledger.finding import Entry
from compiler.ledger.output import Written, rows, statuses, written
from compiler.rebuild.change import Change, Shift
from compiler.rebuild.kept import KeptCell
from compiler.record import NamedTuple
from compiler.source import Source

_BETWEEN = sourcemap.BETWEEN.encode()


class Before(NamedTuple):
    """The ledger of the build before, and the policy that it is about."""

    ledger: Written
    sources: Mapping[str, Source]
    cells: Mapping[str, KeptCell]


def ledger(
    program: Program,
    sources: Mapping[str, Source],
    backends: Sequence[str],
    entries: Sequence[Entry],
    before: Before,
    change: Change,
) -> bytes:
    """`ledger.json` with entries for all statements but those of cells that have not changed."""
    parts: dict[str, list[tuple[int, str, str]]] = {}
    for entry, row in zip(entries, rows(program, sources, entries), strict=True):
        span = entry.statement.span
        parts.setdefault(span.file, []).append((span.start, "", row))
    for name, cell in before.cells.items():
        if name not in change.cells:
            span = change.moved(cell.span)
            parts.setdefault(span.file, []).append((span.start, name, ""))
    taken = _Taken(before)
    runs: list[bytes | memoryview] = []
    for file, ordered in sorted(parts.items()):
        shift = change.shifts.get(file)
        for old, some in groupby(sorted(ordered), key=lambda part: bool(part[1])):
            if not old:
                runs += [row.encode() for _, _, row in some]
                continue
            names = [name for _, name, _ in some]
            run = taken.run(names[0], names[-1])
            runs.append(run if shift is None else _moved(run, file, shift))
    counts = Counter(before.ledger.counts)
    counts.subtract(taken.others())
    counts.update(entry.finding.status for entry in entries)
    return written(program, backends, counts, runs)


class _Taken:
    """What is taken from the ledger of the build before, in its order."""

    def __init__(self, before: Before) -> None:
        self._ledger = before.ledger
        self._sources = before.sources
        self._cells = before.cells
        self._end = before.ledger.begin
        """Where the last run ended."""
        self._between: list[bytes] = []

    def run(self, first: str, last: str) -> memoryview:
        """The rows of some cells, with nothing else between them."""
        begin = self._row(first)
        self._between.append(self._ledger.content[self._end : begin])
        self._end = self._ledger.after(self._row(last), self._cells[last].statements)
        return memoryview(self._ledger.content)[begin : self._end]

    def _row(self, name: str) -> int:
        """Where the row of a cell's block begins."""
        cell = self._cells[name]
        line, column = self._sources[cell.file].position(cell.start)
        return self._ledger.row(cell.file, line, column, self._end)

    def others(self) -> Counter[str]:
        """How many rows that were not taken have which status."""
        between = [*self._between, self._ledger.content[self._end : self._ledger.end]]
        return sum(map(statuses, between), Counter[str]())


def source_map(
    program: Program, sources: Mapping[str, Source], before: bytes, change: Change
) -> bytes:
    """`policy.map.json` with the rows of a file before about rules that have not changed."""
    for file, shift in change.shifts.items():
        before = bytes(_moved(before, file, shift))
    own = [cell.layers[-1] for cell in program.ir.cells if cell.name in change.cells]
    fresh = chain.from_iterable(program.ir.layers[number].rules for number in own)
    body = _Body(sourcemap.read(before))
    for name in change.cells:
        body.remove(sourcemap.scope_mark(f"cell {name}").encode())
    for row in sourcemap.rows(program, sources, fresh):
        body.add(row.encode())
    return sourcemap.written(program.ir.policy, body.changed())


class _Body:
    """Rows in order, some of which change."""

    def __init__(self, rows: memoryview) -> None:
        self._rows = b"".join((rows, _BETWEEN)) if rows else b""
        self._edits: list[tuple[int, int, bytes]] = []
        """Where what begins and ends that is replaced, and by what."""

    def remove(self, mark: bytes) -> None:
        """Takes out the rows with some text in them."""
        place = self._rows.find(mark)
        while place >= 0:
            end = self._after(place)
            self._edits.append((self._start(0, place), end, b""))
            place = self._rows.find(mark, end)

    def add(self, row: bytes) -> None:
        """Puts in a row."""
        low, high = 0, len(self._rows)
        while low < high:
            start = self._start(low, (low + high) // 2)
            end = self._after(start)
            if self._rows[start:end] < row:
                low = end
            else:
                high = start
        self._edits.append((low, low, row))

    def changed(self) -> Iterator[bytes | memoryview]:
        """The rows as they are now, in runs."""
        rows = memoryview(self._rows)
        position = 0
        for begin, end, row in (*sorted(self._edits), (len(rows), len(rows), b"")):
            if begin > position:
                yield rows[position : begin - len(_BETWEEN)]
            if row:
                yield row
            position = end

    def _start(self, low: int, place: int) -> int:
        """Where the row begins around a place; one begins at `low`, too."""
        newline = self._rows.rfind(b"\n", low, place)
        return low if newline < 0 else newline + 1

    def _after(self, place: int) -> int:
        """Where the next row begins."""
        return self._rows.index(b"\n", place) + 1


def _moved(rows: bytes | memoryview, file: str, shift: Shift) -> bytes | memoryview:
    """Rows with the lines at which things stand now."""
    if not shift.lines:
        return rows

    def moved(line: int) -> int:
        return line + shift.lines if line > shift.line else line

    return sourcemap.with_lines(rows, file, moved)
