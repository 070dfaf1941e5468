"""How commands print findings: where to, in which format, whether in colour."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from compiler.diagnostics import Diagnostic, Related
from compiler.source import Source, Span

Format = Literal["text", "json", "sarif"]


def cellc_version() -> str:
    """The version of the installed distribution."""
    return version("cellc")


def titles() -> dict[str, str]:
    """A few words for every code."""
    from compiler.codes import CODES
    from compiler.lint.registry import all_rules

    rules = {rule.code: rule.title for rule in all_rules().values()}
    return {code.id: code.title for code in CODES} | rules


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
    format: Format = "text",
) -> None:
    """Findings as text on standard error, or as JSON or SARIF on standard output.

    Text shows paths as seen from the working directory; machines get them as
    seen from the policy root.
    """
    from compiler import render

    if format == "json":
        sys.stdout.write(render.render_json(diagnostics, sources))
    elif format == "sarif":
        log = render.render_sarif(diagnostics, sources, version=cellc_version(), titles=titles())
        sys.stdout.write(log)
    elif diagnostics:
        rename = _from_here(root)
        moved = [_moved(d, rename) for d in diagnostics]
        shown = {rename(name): source for name, source in sources.items()}
        sys.stderr.write(render.render_text(moved, shown, colour=in_colour()))


def _from_here(root: Path | None) -> Callable[[str], str]:
    folder = root or Path()
    return lambda name: name if name.startswith("<") else os.path.relpath(folder / Path(name))


def _moved(diagnostic: Diagnostic, rename: Callable[[str], str]) -> Diagnostic:
    def move(span: Span | None) -> Span | None:
        return span and span._replace(file=rename(span.file))

    related = []
    for other in diagnostic.related:
        span = move(other.span)
        assert span is not None
        related.append(Related(span, other.message))
    return dataclasses.replace(diagnostic, span=move(diagnostic.span), related=tuple(related))
