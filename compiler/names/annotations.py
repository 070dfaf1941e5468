"""Annotations: why a statement stands there, whose it is, and until when."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Iterable

from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.names.text import unquote
from compiler.pattern import pattern
from compiler.record import record
from compiler.syntax import tree as t

NAMES = ("reason", "owner", "ticket", "until")

#: A rule whose @until is nearer than this draws a warning.
WARN_DAYS = 30

_DATE = pattern(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@record
class Notes:
    """The annotations of one statement, decoded."""

    reason: str | None = None
    owner: str | None = None
    ticket: str | None = None
    until: datetime.date | None = None


#: What is noted of a statement without annotations.
NO_NOTES = Notes()


def read_notes(
    annotations: Iterable[t.Annotation], today: datetime.date, found: Diagnostics
) -> Notes:
    """The annotations of a statement; bad, repeated, blank and expired ones are reported."""
    seen: dict[str, t.Annotation] = {}
    values: dict[str, str] = {}
    until = None
    for annotation in annotations:
        if annotation.name not in NAMES:
            _unknown(annotation, found)
            continue
        first = seen.setdefault(annotation.name, annotation)
        if first is not annotation:
            found.error(
                "E0313",
                f"`@{annotation.name}` is given twice",
                annotation.span,
                "keep one",
                [Related(first.span, "first here")],
            )
        elif annotation.name == "until":
            until = _until(annotation, today, found)
        elif (text := _text(annotation, found)) is not None:
            values[annotation.name] = text
    return Notes(until=until, **values)


def _unknown(annotation: t.Annotation, found: Diagnostics) -> None:
    word = f"@{annotation.name}"
    known = [f"@{name}" for name in NAMES]
    start = annotation.span.start
    span = annotation.span._replace(end=start + len(word))
    help = nearest(word, known) or f"the annotations are {', '.join(known)}"
    found.error("E0312", f"there is no annotation {quoted(word)}", span, help)


def _text(annotation: t.Annotation, found: Diagnostics) -> str | None:
    if isinstance(annotation.value, t.Number):
        found.error(
            "E0314",
            f"`@{annotation.name}` takes a text",
            annotation.value.span,
            f'write it in quotes: `"{annotation.value.raw[:40]}"`',
        )
        return None
    text = unquote(annotation.value, found)
    if text is not None and not text.strip():
        message = f"`@{annotation.name}` says nothing"
        found.error("E0315", message, annotation.value.span, "fill it in, or remove it")
        return None
    return text


def _until(
    annotation: t.Annotation, today: datetime.date, found: Diagnostics
) -> datetime.date | None:
    value = annotation.value
    date = None
    message, help = "this is not a date", "write YYYY-MM-DD, without quotes"
    if isinstance(value, t.Number) and _DATE.fullmatch(value.raw):
        message, help = "the calendar has no such day", "correct the month or the day"
        with contextlib.suppress(ValueError):
            date = datetime.date.fromisoformat(value.raw)
    if date is None:
        found.error("E0316", message, value.span, help)
        return None
    left = (date - today).days
    if left < 0:
        found.error(
            "E0317",
            f"this statement held until {date} and has expired",
            annotation.span,
            "remove the statement, or decide anew and set a later date",
        )
    elif left <= WARN_DAYS:
        found.warning(
            "COR006",
            f"this statement expires on {date}",
            annotation.span,
            "decide whether it is still needed",
        )
    return date
