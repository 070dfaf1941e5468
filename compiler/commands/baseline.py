"""`cellc check --baseline`: leaves out what is known, and keeps the file that says so."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from compiler import files
from compiler.commands.output import Findings
from compiler.diagnostics import Diagnostic
from compiler.durable import OutputError, locked, replace_file
from compiler.lint.baseline import Baseline, BaselineError, Entry, read, written
from compiler.lint.registry import all_rules, is_rule
from compiler.record import changed
from compiler.render.text import visible

BaselineMode = Literal["check", "create", "shrink"]


class UnusableBaselineError(Exception):
    """A baseline that cannot be used, in words for the user."""


def without_known(found: Sequence[Findings], path: Path, mode: BaselineMode) -> list[Findings]:
    """The findings that the file does not list; `create` and `shrink` write the file.

    Raises UnusableBaselineError.
    """
    entries = {entry for some in found for entry, _ in _rows(some) if entry}
    if mode == "create":
        if os.path.lexists(path):
            raise UnusableBaselineError(
                f"{path} exists, and a baseline only shrinks: --baseline-mode shrink removes what"
                " is gone; delete it to start anew"
            )
        _write(path, entries)
    known = _read(path)
    gone = known.gone(entries, (some.name(file) for some in found for file in some.sources))
    if gone and mode == "shrink":
        _write(path, known.entries - gone)
    elif gone:
        sys.stderr.write(
            f"cellc: {len(gone)} of the findings in {path} are gone:"
            " `--baseline-mode shrink` removes them\n"
        )
    return [
        changed(some, diagnostics=tuple(d for e, d in _rows(some) if e not in known.entries))
        for some in found
    ]


def _rows(some: Findings) -> list[tuple[Entry | None, Diagnostic]]:
    """Findings with what a baseline calls them; None for those that no baseline may hold."""
    return [
        (_entry(diagnostic, fingerprint, some), diagnostic)
        for diagnostic, fingerprint in zip(some.diagnostics, some.fingerprints(), strict=True)
    ]


def _entry(diagnostic: Diagnostic, fingerprint: str, some: Findings) -> Entry | None:
    if not is_rule(diagnostic.code) or not all_rules()[diagnostic.code].ignorable:
        return None
    file = diagnostic.span.file if diagnostic.span else next(iter(some.policies))
    return Entry(visible(some.name(file)), diagnostic.code, fingerprint)


def _read(path: Path) -> Baseline:
    try:
        return read(files.read(str(path)).decode())
    except FileNotFoundError:
        raise UnusableBaselineError(
            f"{path} does not exist: --baseline-mode create makes it"
        ) from None
    except (OSError, UnicodeDecodeError, BaselineError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else cause
        raise UnusableBaselineError(f"{path} cannot be read as a baseline: {reason}") from None


def _write(path: Path, entries: set[Entry] | frozenset[Entry]) -> None:
    real = os.path.realpath(path)
    try:
        with locked(real):
            replace_file(real, written(entries).encode())
    except (OSError, OutputError) as cause:
        raise UnusableBaselineError(f"{path} cannot be written: {cause}") from None
