"""`cellc check`: everything up to the IR, and lint; nothing is written."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from pathlib import Path

from compiler.commands.output import Format, print_findings
from compiler.diagnostics import Diagnostic
from compiler.driver import compile_policy
from compiler.names.project import policy_root
from compiler.source import Source

#: What makes a file the root file of a policy.
_HEADER = re.compile(rb"^[ \t]*policy[ \t]+[A-Za-z]", re.MULTILINE)


def check(paths: Iterable[Path], today: datetime.date, format: Format) -> int:
    """Checks files and the policies below directories; the exit status."""
    failed = False
    every: list[Diagnostic] = []
    sources: dict[str, Source] = {}
    for path in paths:
        for policy in policies(path):
            compilation = compile_policy(policy, today)
            failed |= compilation.failed
            if format == "text":
                root = policy_root(policy)
                print_findings(compilation.diagnostics, compilation.sources, root)
            else:
                every += compilation.diagnostics
                sources |= compilation.sources
    if format != "text":
        print_findings(every, sources, None, format)
    return int(failed)


def policies(path: Path) -> list[Path]:
    """The file itself, or the root files of policies below a directory, in name order."""
    if not path.is_dir():
        return [path]
    return [p for p in sorted(path.rglob("*.cell")) if p.is_file() and _is_root(p)]


def _is_root(path: Path) -> bool:
    try:
        return _HEADER.search(path.read_bytes()) is not None
    except OSError:
        return True  # compiling it says what is wrong
