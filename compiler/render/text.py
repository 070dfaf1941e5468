"""Findings as text: the message, then the lines it is about, underlined."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from compiler.diagnostics import Diagnostic
from compiler.record import NamedTuple
from compiler.render.place import Place, place
from compiler.source import Source, Span

#: Characters of a source line that are shown at most.
WIDTH = 120

_TAB = "    "
_BOLD = "1"
_BLUE = "1;34"
_COLOURS = {"error": "1;31", "warning": "1;33", "note": "1;36", "help": "1;36"}


class _Label(NamedTuple):
    """One place to underline in one file."""

    at: Place
    mark: str
    colour: str
    message: str


class _Window(NamedTuple):
    """The part [left, right) of a source's text that is shown of a line."""

    left: int
    right: int
    before: bool
    """Whether the line has more to the left."""
    after: bool


class _Pen(NamedTuple):
    """Writes the parts of one finding; `gutter` is the width of its line numbers."""

    colour: bool
    gutter: int

    def paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def row(self, number: str, text: str) -> str:
        bar = self.paint(_BLUE, f"{number:>{self.gutter}} |")
        return f"{bar} {text}" if text else bar

    def arrow(self, arrow: str, text: str) -> str:
        return f"{' ' * self.gutter}{self.paint(_BLUE, arrow)} {text}"


def render_text(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], *, colour: bool = False
) -> str:
    """All findings in the order given, each followed by an empty line.

    A span whose file is not in `sources` is shown by its file's name alone.
    Characters that could move a terminal's cursor, hide, or reorder text appear
    as escapes; with `colour` the only control sequences are ours.
    """
    return "".join(_diagnostic(d, sources, colour) + "\n\n" for d in diagnostics)


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """How many errors and warnings there are, such as `2 errors, 1 warning`, or nothing."""
    counts = (
        (sum(d.severity == severity for d in diagnostics), severity)
        for severity in ("error", "warning")
    )
    return ", ".join(f"{n} {word}{'s' * (n > 1)}" for n, word in counts if n)


def visible(text: str) -> str:
    """`text` with all that is not plainly printable as the escapes of a policy string."""
    if text.isprintable():
        return text
    short = {"\n": "\\n", "\t": "\\t"}
    return "".join(
        c if c.isprintable() else short.get(c, f"\\u{{{ord(c):x}}}") for c in text
    )  # fmt: skip


def _diagnostic(diagnostic: Diagnostic, sources: Mapping[str, Source], colour: bool) -> str:
    files = _labels_by_file(diagnostic, sources)
    last = max((label.at.line for labels in files.values() for label in labels), default=0)
    pen = _Pen(colour, len(str(last)))
    tone = _COLOURS[diagnostic.severity]
    head = pen.paint(tone, f"{diagnostic.severity}[{diagnostic.code}]")
    out = [head + pen.paint(_BOLD, f": {visible(diagnostic.message)}")]
    arrow = "-->"
    for file, labels in files.items():
        out += _file(file, labels, sources, arrow, pen)
        arrow = ":::"
    if diagnostic.help:
        word, *more = diagnostic.help.split("\n")
        start = pen.paint(_COLOURS["help"], "help") + ": "
        out.append(pen.arrow(" =", start + visible(word)))
        out += (" " * (pen.gutter + 9) + visible(line) for line in more)
    return "\n".join(out)


def _labels_by_file(
    diagnostic: Diagnostic, sources: Mapping[str, Source]
) -> dict[str, list[_Label]]:
    """What to underline where, the finding's own file first."""
    files: dict[str, list[_Label]] = {}

    def add(span: Span, mark: str, colour: str, message: str) -> None:
        labels = files.setdefault(span.file, [])
        source = sources.get(span.file)
        at = place(span, source) if source else Place(0, 0, 0, 0, 0, 0)
        labels.append(_Label(at, mark, colour, message))

    if diagnostic.span:
        add(diagnostic.span, "^", _COLOURS[diagnostic.severity], "")
    for related in diagnostic.related:
        add(related.span, "-", _BLUE, related.message)
    return files


def _file(
    file: str, labels: list[_Label], sources: Mapping[str, Source], arrow: str, pen: _Pen
) -> list[str]:
    source = sources.get(file)
    first = labels[0].at
    where = f"{visible(file)}:{first.line}:{first.column}" if source else visible(file)
    out = [pen.arrow(arrow, where)]
    if source is None:
        return out + [pen.row("", visible(label.message)) for label in labels if label.message]
    return [*out, pen.row("", ""), *_lines(labels, source, pen), pen.row("", "")]


def _lines(labels: list[_Label], source: Source, pen: _Pen) -> list[str]:
    """The lines that hold labels, from top to bottom, each with its labels below."""
    shown: dict[tuple[int, _Window], list[_Label]] = {}
    for label in sorted(labels, key=lambda label: label.at):
        shown.setdefault((label.at.line, _window(label.at, source.text)), []).append(label)
    out: list[str] = []
    previous = 0
    for (number, window), here in shown.items():
        if previous and number > previous + 1:
            out.append(pen.paint(_BLUE, "..."))
        previous = number
        text = _cells(source.text[window.left : window.right])
        out.append(pen.row(str(number), _dots(window.before) + text + _dots(window.after)))
        out += (pen.row("", _underline(label, window, source.text, pen)) for label in here)
    return out


def _window(at: Place, text: str) -> _Window:
    """What to show of the line where `at` starts: all of it, or a part around the place.

    Looks at a bounded number of characters only, however long the line is.
    """
    line_start = at.start - at.column + 1
    limit = at.start + WIDTH + 1
    line_end = text.find("\n", at.start, limit)
    if line_end < 0:
        line_end = min(limit, len(text))
    if text.endswith("\r", at.start, line_end):
        line_end -= 1
    spare = max(WIDTH - (min(at.end, line_end) - at.start), 0)
    left = max(line_start, min(at.start - spare // 2, line_end - WIDTH))
    right = min(line_end, left + WIDTH)
    return _Window(left, right, left > line_start, right < line_end)


def _underline(label: _Label, window: _Window, text: str, pen: _Pen) -> str:
    at = label.at
    before = _dots(window.before) + _cells(text[window.left : at.start])
    marked = _cells(text[at.start : min(at.end, window.right)])
    line = label.mark * max(_width(marked), 1)
    last = at.end_line - (at.end_column == 1)
    more = f"to line {last}" if last > at.line else ""
    words = " ".join(filter(None, (line, more, visible(label.message))))
    return " " * _width(before) + pen.paint(label.colour, words)


def _dots(cut: bool) -> str:
    return "..." if cut else ""


def _cells(text: str) -> str:
    """A part of a source line as it is shown."""
    return visible(text.replace("\t", _TAB))


def _width(shown: str) -> int:
    """The columns of a terminal that printable text takes (UAX #11)."""
    if shown.isascii():
        return len(shown)
    return sum(_character_width(c) for c in shown)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
