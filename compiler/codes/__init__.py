"""Every code that a finding can have: its title and what it is about."""

from __future__ import annotations

from compiler.codes import (
    actions,
    configuration,
    decisions,
    lock,
    names,
    remarks,
    settings,
    syntax,
    values,
)
from compiler.codes.code import Code

#: By area and number: E errors, W warnings.  Rules of lint have codes of their own.
CODES: tuple[Code, ...] = (
    *syntax.CODES,
    *names.CODES,
    *values.CODES,
    *actions.CODES,
    *settings.CODES,
    *decisions.CODES,
    *lock.CODES,
    *configuration.CODES,
    *remarks.CODES,
)
