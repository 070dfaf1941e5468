"""Text of a policy in Markdown, as GitHub and GitLab show it: it stays text."""

from __future__ import annotations

import string

from compiler.render.text import visible

#: All else could begin markup, HTML, a link, a mention or a cell of a table.
_PLAIN = frozenset(string.ascii_letters + string.digits + " .,:;/=+-")


def text(words: str) -> str:
    """Words that are shown as they are: what could be markup becomes a character reference.

    References are never read as markup (CommonMark 0.31, section 2.5).
    """
    return "".join(c if c in _PLAIN or ord(c) > 127 else f"&#{ord(c)};" for c in visible(words))


def code(words: str) -> str:
    """Words in the type of programs."""
    return f"<code>{text(words).replace('://', '&#58;//')}</code>"
