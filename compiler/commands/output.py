"""How commands print findings: where to, in which format, whether in colour."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from compiler import files
from compiler.diagnostics import Diagnostic, Related
from compiler.record import changed, record
from compiler.source import Source, Span
from compiler.version import VERSION

Format = Literal["text", "json"]


def titles() -> dict[str, str]:
    """A few words for every code."""
    from compiler.codes import CODES
    from compiler.lint.registry import all_rules

    rules = {rule.code: rule.title for rule in all_rules().values()}
    return {code.id: code.title for code in CODES} | rules


def pages() -> dict[str, str]:
    """The page of every code that has one, in Markdown."""
    from compiler.lint.pages import page
    from compiler.lint.registry import all_rules

    return {rule.code: page(rule) for rule in all_rules().values()}


def in_colour() -> bool:
    """Whether standard error is a terminal and nobody objects (NO_COLOR, TERM=dumb)."""
    return (
        sys.stderr.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") != "dumb"
    )


def print_findings(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, Source],
    root: Path | None,
    prefix: str | None = None,
) -> None:
    """Findings as text on standard error, their paths as seen from the working directory.

    What does not lie there gets a `prefix` instead.
    """
    if diagnostics:
        from compiler.render.text import render_text

        name = _renaming(root or Path(), Path()) if prefix is None else _prefixing(prefix)
        shown, moved = _renamed(diagnostics, sources, name)
        sys.stderr.write(render_text(shown, moved, colour=in_colour()))


@record
class Findings:
    """What was found in the policies of one policy root."""

    root: Path
    diagnostics: Sequence[Diagnostic]
    sources: Mapping[str, Source]
    policies: Sequence[str]
    """The files that were checked, as the policy root sees them."""
    homes: Mapping[Diagnostic, str]
    """Which of them was checked when a finding was made."""

    @property
    def name(self) -> Callable[[str], str]:
        """Makes names as the repository sees them: the same wherever cellc runs."""
        return _renaming(self.root, repository(self.root))

    def fingerprints(self) -> list[str]:
        """One for each finding."""
        from compiler.render.report import fingerprints

        sources = {self.name(file): source for file, source in self.sources.items()}
        return fingerprints([_moved(d, self.name) for d in self.diagnostics], sources)


def seen_from(root: Path, path: Path) -> str:
    """The name of a file as the policy root sees it."""
    return os.path.relpath(files.real(str(path)), files.real(str(root))).replace(os.sep, "/")


def files_of(sources: Iterable[str], root: Path) -> list[Path]:
    """The files that sources were read from, without shipped profiles."""
    return [root / name for name in sources if not name.startswith("<")]


def print_report(
    every: Sequence[Findings], format: str, words: Mapping[str, str] | None = None
) -> None:
    """Findings for a program on standard output; `format` is one of compiler.render.formats.

    Their paths are as seen from the working directory.  `words` are the titles of what
    was found where that is not in the list of codes.
    """
    from compiler.render.formats import rendered
    from compiler.render.report import Report

    findings: list[Diagnostic] = []
    sources: dict[str, Source] = {}
    homes: dict[Diagnostic, str] = {}
    for some in every:
        name = _renaming(some.root, Path())
        shown, moved = _renamed(some.diagnostics, some.sources, name)
        findings += shown
        sources |= moved
        homes |= {to: name(some.homes[of]) for to, of in zip(shown, some.diagnostics, strict=True)}
    report = Report(
        findings,
        sources,
        [fingerprint for some in every for fingerprint in some.fingerprints()],
        words or titles(),
        pages() if format == "sarif" and words is None else {},
        [_renaming(some.root, Path())(name) for some in every for name in some.policies],
        homes,
        VERSION,
    )
    sys.stdout.write(rendered(format, report))


def _renamed(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, Source], name: Callable[[str], str]
) -> tuple[list[Diagnostic], dict[str, Source]]:
    return (
        [_moved(diagnostic, name) for diagnostic in diagnostics],
        {name(file): source for file, source in sources.items()},
    )


def repository(root: Path) -> Path:
    """The nearest directory upwards that a version control system keeps, or `root` itself."""
    full = Path(files.real(str(root)))
    return next((d for d in (full, *full.parents) if files.kind(str(d / ".git"))), full)


def _renaming(folder: Path, seen_from: Path) -> Callable[[str], str]:
    """Makes names relative to one directory relative to another."""
    return lambda name: (
        name
        if name.startswith("<")
        else os.path.relpath(folder / Path(name), seen_from).replace(os.sep, "/")
    )


def _prefixing(prefix: str) -> Callable[[str], str]:
    return lambda name: name if name.startswith("<") else prefix + name


def _moved(diagnostic: Diagnostic, rename: Callable[[str], str]) -> Diagnostic:
    def move(span: Span | None) -> Span | None:
        return span and span._replace(file=rename(span.file))

    related = []
    for other in diagnostic.related:
        span = move(other.span)
        assert span is not None
        related.append(Related(span, other.message))
    return changed(diagnostic, span=move(diagnostic.span), related=tuple(related))
