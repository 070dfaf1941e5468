"""Edits applied to a text, and the statements they touch brought into the canonical format."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence

from compiler.diagnostics import Diagnostics
from compiler.lint.rule import Edit
from compiler.source import Source, Span
from compiler.syntax import tree as t
from compiler.syntax.format import format_source
from compiler.syntax.parse import parse_policy


def overlapping(edits: Iterable[Edit], others: Iterable[Edit]) -> bool:
    """Whether some edit touches what another one changes."""
    return any(
        edit.span.file == other.span.file
        and edit.span.start <= other.span.end
        and other.span.start <= edit.span.end
        for edit in edits
        for other in others
    )


def applied(source: Source, edits: Iterable[Edit]) -> str:
    """The text with all edits, which must not overlap, as they are."""
    return _edited(source.text, sorted(edits, key=lambda edit: edit.span))[0]


def edited(source: Source, edits: Iterable[Edit], parts: Sequence[Span] = ()) -> str | None:
    """The text with all edits, or None if it is no policy any more.

    A text in the canonical format stays in it; of others only the touched statements are
    laid out anew, and lines end as they all did.  Edits must not overlap.  `parts` are the
    statements at the top of the file, in order: where every edit lies in one of them, no other
    text is looked at.
    """
    made = _edited_in_parts(source, edits, parts)
    lines = source.text.count("\n")
    if made is not None and lines and source.text.count("\r\n") == lines:
        made = made.replace("\r\n", "\n").replace("\n", "\r\n")
    return made


def _edited_in_parts(source: Source, edits: Iterable[Edit], parts: Sequence[Span]) -> str | None:
    given = sorted(edits, key=lambda edit: edit.span)
    touched = _touched(given, parts)
    if touched is None:
        return _whole(source, given)
    text = source.text
    for part, inside in reversed(touched.items()):
        piece = Source(source.name, text[part.start : part.end])
        new = _whole(piece, [_shifted(edit, part.start) for edit in inside])
        if new is None:
            return None
        text = text[: part.start] + new.removesuffix("\n") + text[part.end :]
    return text


def _touched(edits: Iterable[Edit], parts: Sequence[Span]) -> dict[Span, list[Edit]] | None:
    """The edits in each part; None where one is not within a part."""
    found: dict[Span, list[Edit]] = {}
    starts = [part.start for part in parts]
    for edit in edits:
        at = bisect(starts, edit.span.start) - 1
        if at < 0 or edit.span.start == starts[at] or edit.span.end >= parts[at].end:
            return None
        found.setdefault(parts[at], []).append(edit)
    return found


def _shifted(edit: Edit, by: int) -> Edit:
    span = edit.span
    return Edit(span._replace(start=span.start - by, end=span.end - by), edit.text)


def _whole(source: Source, edits: Sequence[Edit]) -> str | None:
    text, places = _edited(source.text, edits)
    new = Source(source.name, text)
    canonical = format_source(source, Diagnostics())
    if canonical is not None and canonical.removesuffix("\n") == source.text.removesuffix("\n"):
        return format_source(new, Diagnostics())
    found = Diagnostics()
    touched = [
        (number, span)
        for number, span in enumerate(_statements(new, found))
        if any(span.start < place < span.end for place in places)
    ]
    if found.failed:
        return None
    return _laid_out(new, touched) if touched else text


def _edited(text: str, edits: Sequence[Edit]) -> tuple[str, list[int]]:
    """The text with edits in the order of their places, and where they are in it."""
    parts: list[str] = []
    places: list[int] = []
    done = size = 0
    for edit in edits:
        parts += [text[done : edit.span.start], edit.text]
        size += edit.span.start - done
        places.append(size)
        size += len(edit.text)
        done = edit.span.end
    return "".join([*parts, text[done:]]), places


def _laid_out(source: Source, touched: Sequence[tuple[int, Span]]) -> str | None:
    """A text with some of its statements, by their numbers, in the canonical format."""
    whole = format_source(source, Diagnostics())
    if whole is None:
        return None
    text = source.text
    theirs = _statements(Source(source.name, whole), Diagnostics())
    for number, span in reversed(touched):
        canonical = theirs[number]
        new = whole[canonical.start : canonical.end]
        text = text[: span.start] + new + text[span.end :]
    return text


def _statements(source: Source, found: Diagnostics) -> list[Span]:
    """The statements without a body of their own, in order."""
    return list(_leaves(parse_policy(source, found)))


def _leaves(statements: tuple[t.Statement, ...]) -> Iterator[Span]:
    for statement in statements:
        if hasattr(statement.shared, "body"):
            yield from _leaves(statement.body)
        else:
            yield statement.span
