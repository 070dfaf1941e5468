"""Texts of very many rows, which are not held twice while they are put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice

#: Rows that are encoded at a time.
_SOME = 4096


def runs_of(rows: Iterable[str], between: str) -> Iterator[bytes]:
    """Rows in UTF-8, many at a time, with `between` between them."""
    rest = iter(rows)
    while run := between.join(islice(rest, _SOME)):
        yield run.encode()


def joined(head: str, runs: Iterable[bytes | memoryview], between: str, end: str) -> bytes:
    """A text in UTF-8: runs of rows with `between` between them, after a head and before an end."""
    made = BytesIO()  # gives what it holds without a copy
    made.write(head.encode())
    for number, run in enumerate(runs):
        if number:
            made.write(between.encode())
        made.write(run)
    made.write(end.encode())
    return made.getvalue()
