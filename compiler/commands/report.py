"""`cellc report`: a page with the cells of a policy, their powers and their relations."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

from backends.artifact import Artifact
from compiler.commands.output import files_of, print_findings, titles
from compiler.diagnostics import Diagnostics
from compiler.driver import compile_policy
from compiler.durable import OutputError
from compiler.ir.serialise import policy_hash
from compiler.lint.configuration import read_settings
from compiler.lint.run import lint
from compiler.manifest import REPORT, Origin, tool_digest
from compiler.names.project import policy_root
from compiler.output import write_build
from compiler.version import VERSION


def report(path: Path, directory: Path, backends: tuple[str, ...], today: datetime.date) -> int:
    """Compiles, asks everything and writes; the exit status.

    Broken assertions and failing tests are shown by the page, too; with other errors
    nothing is written.
    """
    from compiler.report.build import Origin as PageOrigin
    from compiler.report.build import page_of
    from compiler.report.page import render

    compilation = compile_policy(path, today)
    program = compilation.decided
    found = Diagnostics()
    sources = dict(compilation.sources)
    root = policy_root(path)
    settings = read_settings(root, found, sources)
    unread = found.failed
    found.extend(compilation.diagnostics)
    if program is None or unread:
        print_findings(found.sorted(), sources, root)
        return 1
    findings = lint(compilation, settings, today).diagnostics
    origin = PageOrigin(VERSION, backends, titles())
    page = page_of(compilation, program, findings, origin)
    artifact = Artifact(REPORT, render(page))
    try:
        hashed = Origin(policy_hash(program.ir), VERSION, tool_digest())
        write_build(directory, [artifact], hashed, kept=[path, *files_of(sources, root)])
    except OutputError as problem:
        sys.stderr.write(f"cellc: {problem.advice}\n")
        return 2
    print_findings(found.sorted(), sources, root)
    return int(bool(page.broken))
