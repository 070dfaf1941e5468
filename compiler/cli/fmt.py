"""The command line of `cellc fmt`."""

from __future__ import annotations

import sys

from compiler.cli.declare import parameter, takes


@takes(
    parameter("paths", many=True, required=True),
    parameter("--check", flag=True, help="Write nothing; list files that are not formatted."),
    parameter("--diff", flag=True, help="Write nothing; show what would change."),
)
def command(paths: tuple[str, ...], check: bool, diff: bool) -> None:
    """Bring policies into the one canonical format.

    PATHS are files, directories, or - for standard input.  Comments stay, and what
    the policy means never changes.

    The exit status is 1 when a file has syntax errors, or when --check finds one that is
    not formatted.
    """
    from compiler.commands.input import standard_input
    from compiler.commands.output import print_findings
    from compiler.fmt import run

    result = run(paths, lambda: standard_input().buffer, check=check, diff=diff)
    sys.stdout.write(result.text)
    print_findings(result.found.sorted(), result.sources, None)
    sys.exit(result.status)
