"""Places in the sources of a policy, as the page links to them."""

from __future__ import annotations

from collections.abc import Mapping

from compiler.driver import Program
from compiler.lowering.rule_ids import on_one_line
from compiler.report.view import Place, SourceFile
from compiler.source import Source, Span

_LONGEST = 240


class Places:
    """Numbers the files of a policy and makes links to their lines."""

    def __init__(self, program: Program, sources: Mapping[str, Source]) -> None:
        self._program = program
        self._sources = sources
        self._anchors = {name: f"s{n}" for n, name in enumerate(sorted(sources), 1)}
        self._known: dict[Span, Place] = {}

    def at(self, span: Span) -> Place:
        """The line that a span begins on."""
        known = self._known.get(span)
        if known is None:
            source = self._sources[span.file]
            line, _ = source.position(span.start)
            text = on_one_line(source.text[span.start : min(span.end, span.start + 2 * _LONGEST)])
            if len(text) > _LONGEST:
                text = text[: _LONGEST - 1] + "…"
            anchor = f"{self._anchors[span.file]}-{line}"
            known = self._known[span] = Place(f"{span.file}:{line}", anchor, text)
        return known

    def rule(self, index: int) -> Place:
        """Where a rule of the IR stands."""
        return self.at(self._program.spans[index])

    def files(self) -> tuple[SourceFile, ...]:
        """Every file, line by line."""
        return tuple(
            SourceFile(name, anchor, tuple(_lines(self._sources[name].text)))
            for name, anchor in self._anchors.items()
        )


def _lines(text: str) -> list[str]:
    """The lines of a file, with blanks for tabs."""
    lines = [line.rstrip("\r").expandtabs(8) for line in text.split("\n")]
    return lines if lines[-1] else lines[:-1]
