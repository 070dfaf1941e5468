"""Text of a policy as people are shown it: nothing in it moves, hides or reorders other text."""

from __future__ import annotations


def shown(text: str) -> str:
    """`text` with everything that is not printable as the escapes of a policy string.

    Control characters, line ends, marks that turn the direction of writing round, and what
    has no width are not printable (Unicode categories "Other" and "Separator" but the blank).
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _SHORT.get(c, f"\\u{{{ord(c):x}}}") for c in text)


_SHORT = {"\n": "\\n", "\t": "\\t"}
