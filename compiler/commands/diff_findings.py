"""What `cellc diff` found as findings, for code scanning."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.commands.diff_rows import DecisionRow, Rows, SettingRow
from compiler.commands.output import Findings, print_report, seen_from
from compiler.commands.sides import Side
from compiler.diagnostics import Diagnostic
from compiler.source import Span

_HELP = 'give the reason before the statement: `@reason "..."`'


_TITLES = {
    "widened-without-reason": "more is possible than before, and no @reason says why",
    "widened": "more is possible than before, and a @reason says why",
    "narrowed": "less is possible than before",
    "changed": "something else is set than before",
}


def print_sarif(rows: Rows, new: Side) -> None:
    """A SARIF log; what is only decided by another rule is left out."""
    found = [*_decisions(rows.decisions), *_settings(rows.settings)]
    main = new.program.definitions.files[-1].source.name
    path = seen_from(new.root, new.root / main)
    homes = dict.fromkeys(found, path)
    print_report([Findings(new.root, found, new.sources, (path,), homes)], "sarif", _TITLES)


def _decisions(rows: tuple[DecisionRow, ...]) -> Iterator[Diagnostic]:
    for row in rows:
        if row.direction == "moved":
            continue
        message = (
            f"{row.direction}: {row.request}: {row.turn} ({row.outcome}), such as `{row.witness}`"
        )
        if row.new is None and row.old is not None:
            message += f"; before by {row.old.text}"
        yield _finding(row.direction, row.unjustified, message, row.new and row.new.span)


def _settings(rows: tuple[SettingRow, ...]) -> Iterator[Diagnostic]:
    for row in rows:
        after = row.change.after
        message = f"{row.change.direction}: {row.text}: {row.turn}"
        yield _finding(row.change.direction, row.unjustified, message, after and after.span)


def _finding(direction: str, unjustified: bool, message: str, span: Span | None) -> Diagnostic:
    if span is not None and span.file.startswith("<"):
        span = None  # a shipped profile is no file of the repository
    if unjustified:
        return Diagnostic("widened-without-reason", "warning", message, span, _HELP)
    return Diagnostic(direction, "note", message, span)
