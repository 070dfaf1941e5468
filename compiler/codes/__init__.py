"""Every code that a finding can have: its title and what it is about."""

from __future__ import annotations

from compiler.codes import actions, decisions, lint, lock, names, settings, syntax, values
from compiler.codes.code import Code

#: By area and number: E errors, W warnings, N notes.
CODES: tuple[Code, ...] = (
    *syntax.CODES,
    *names.CODES,
    *values.CODES,
    *actions.CODES,
    *settings.CODES,
    *decisions.CODES,
    *lock.CODES,
    *lint.CODES,
)
