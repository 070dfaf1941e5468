"""Files of celladm(8) to their entries, line by line as it reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.record import record
from compiler.source import Source, Span

#: What sed(1) takes for [[:space:]] in the C locale, within a line.
BLANKS = " \t\v\f\r"


@record
class Entry:
    """One `key=value` line; blanks around both are gone."""

    key: str
    value: str
    key_span: Span
    span: Span
    """Of the value; of the key when the value is empty."""


def entries(source: Source, keys: Collection[str], found: Diagnostics) -> list[Entry]:
    """All entries with a known key, in the order of their lines; other lines are errors.

    Lines that are blank or begin with `#` do not count; a `#` further on is part
    of the value.
    """
    made = []
    for start, line in _lines(source.text):
        text = line.strip(BLANKS)
        if not text or text.startswith("#"):
            continue
        begin = start + len(line) - len(line.lstrip(BLANKS))
        whole = Span(source.name, begin, begin + len(text))
        if "\0" in text:
            found.error("E1003", "this line holds a NUL character", whole, "remove it")
        elif "=" not in text:
            found.error("E1003", "this line is not `key=value`", whole, "put a `#` before a remark")
        else:
            entry = _entry(text, whole)
            if entry.key in keys:
                made.append(entry)
            else:
                help = nearest(entry.key, keys) or "see celladm(8) for the keys there are"
                found.error("E1004", f"there is no key {quoted(entry.key)}", whole, help)
    return made


def last_of_each(
    made: Sequence[Entry], several: Collection[str], found: Diagnostics
) -> dict[str, Entry]:
    """The entry that counts for each key: the last one, which may be meant or not."""
    by_key: dict[str, Entry] = {}
    for entry in made:
        first = by_key.get(entry.key)
        if first is not None and entry.key not in several:
            found.warning(
                "W1001",
                f"`{entry.key}` stands twice, and celladm takes the last one",
                entry.key_span,
                "keep one",
                [Related(first.key_span, "first here")],
            )
        by_key[entry.key] = entry
    return by_key


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _entry(text: str, whole: Span) -> Entry:
    key, _, rest = text.partition("=")
    value = rest.strip(BLANKS)
    key_end = whole.start + len(key.rstrip(BLANKS))
    key_span = Span(whole.file, whole.start, max(key_end, whole.start + 1))
    span = Span(whole.file, whole.end - len(value), whole.end) if value else key_span
    return Entry(key.rstrip(BLANKS), value, key_span, span)
