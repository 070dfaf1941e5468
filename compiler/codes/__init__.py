"""Every code that a finding can have: its title and what it is about."""

from __future__ import annotations

from compiler.codes import (
    actions,
    celladm,
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

_EVERY = (
    *syntax.CODES,
    *names.CODES,
    *values.CODES,
    *actions.CODES,
    *settings.CODES,
    *decisions.CODES,
    *lock.CODES,
    *configuration.CODES,
    *remarks.CODES,
    *celladm.CODES,
)

#: E errors, then W warnings, by area and number.  Rules of lint have codes of their own.
CODES: tuple[Code, ...] = tuple(sorted(_EVERY, key=lambda code: ("EWN".index(code.id[0]), code.id)))
