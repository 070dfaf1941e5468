"""The command line of `cellc rule`."""

from __future__ import annotations

import sys

from compiler.cli.declare import parameter, takes


@takes(
    parameter("code"),
)
def command(code: str | None) -> None:
    """Explain a rule of lint, or list them all.

    CODE is a code such as SEC001, or a rule's name.  Prints why the rule is there,
    what it objects to, what to write instead and how to fix it.  Of errors of the
    compiler, such as E0406, it prints what they mean.
    """
    from compiler.commands.rule import rule

    sys.exit(rule(code))
