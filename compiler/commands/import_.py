"""`cellc import`: translates files of another format to a policy."""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from compiler.commands.output import print_findings
from compiler.diagnostics import Diagnostic, Diagnostics
from compiler.driver import compile_policy
from compiler.foreign.celladm import translate
from compiler.foreign.text import policy_text
from compiler.names.project import read_source
from compiler.record import changed
from compiler.source import Source


def import_celladm(paths: Sequence[Path], defaults: Path | None, name: str, target: str) -> int:
    """Prints a policy with the cells of all manifests, or what is wrong; the exit status."""
    found = Diagnostics()
    paths = list(dict.fromkeys(paths))
    sources = [read_source(path, os.fspath(path), found, None) for path in paths]
    inherited = read_source(defaults, os.fspath(defaults), found, None) if defaults else None
    manifests = [source for source in sources if source is not None]
    cells = translate(manifests, inherited, found)
    known = {source.name: source for source in (*manifests, inherited) if source is not None}
    text = ""
    if not found.failed:
        text = policy_text(name, target, [path.name for path in paths], cells)
        made = Source(f"<{name}.cell>", text)
        found.extend(_remaining(made))
        known[made.name] = made
    print_findings(found.sorted(), known, Path())
    if found.failed:
        return 1
    sys.stdout.write(text)
    return 0


def _remaining(made: Source) -> list[Diagnostic]:
    """Errors that only the whole policy has, at their places in its text."""
    with tempfile.TemporaryDirectory(prefix="cellc-") as folder:
        path = Path(folder) / "policy.cell"
        path.write_text(made.text, encoding="utf-8")
        compilation = compile_policy(path, datetime.date.min)
    return [_moved(d, made.name) for d in compilation.diagnostics if d.severity == "error"]


def _moved(diagnostic: Diagnostic, name: str) -> Diagnostic:
    span = diagnostic.span and diagnostic.span._replace(file=name)
    return changed(diagnostic, span=span, related=())
