"""Policies that are asked: they answer though their assertions do not hold."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

from compiler.commands.output import print_findings
from compiler.driver import Program, compile_policy
from compiler.names.project import policy_root
from compiler.record import NamedTuple
from compiler.source import Source


class Asked(NamedTuple):
    """A policy of which is known what it decides."""

    program: Program
    sources: Mapping[str, Source]
    root: Path
    status: int
    """The exit status of an answer: 1 when an assertion does not hold."""


def asked(path: Path, today: datetime.date) -> Asked | None:
    """A policy after its errors are printed; None if they leave unknown what it decides."""
    compilation = compile_policy(path, today)
    root = policy_root(path)
    print_findings(compilation.diagnostics, compilation.sources, root)
    program = compilation.decided
    if program is None:
        return None
    return Asked(program, compilation.sources, root, int(compilation.failed))
