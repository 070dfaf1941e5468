"""What a name may be."""

from __future__ import annotations

from compiler.diagnostics import Diagnostics
from compiler.syntax import tree as t

#: Words that cannot name anything: they already mean something as subject or target.
RESERVED = ("self", "host", "host-root", "any", "auto")

#: Longest name of anything; for cells CELL_NAME_MAX of the kernel module.
MAX_NAME = 63


def name_fits(name: t.Name, what: str, found: Diagnostics) -> bool:
    """Whether a definition may have its name; if not, that is reported."""
    if name.text in RESERVED:
        found.error(
            "E0216",
            f"`{name.text}` cannot be the name of a {what}",
            name.span,
            f"the words {', '.join(f'`{w}`' for w in RESERVED)} have a fixed meaning",
        )
        return False
    if len(name.text) > MAX_NAME:
        found.error(
            "E0217",
            f"this name has {len(name.text)} characters, {MAX_NAME} are the most",
            name.span,
            "choose a shorter name",
        )
        return False
    return True


def identifier(name: str) -> str:
    """The name in shell and C, where `-` cannot stand."""
    return name.replace("-", "_")
