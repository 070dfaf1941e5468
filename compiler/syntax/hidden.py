"""Characters of a text that nobody sees, or that have the rest seen in another order."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.pattern import pattern

#: What is more than plain: the first may be a carriage return that ends no line.
_ODD = pattern(r"[^\t\n -~](?<!\r(?=\n))[^\t\n\r -~]*")
#: Categories of Unicode: controls, format characters, separators of lines and of paragraphs.
_HIDDEN = frozenset(("Cc", "Cf", "Zl", "Zp"))


def hidden(text: str) -> Iterator[int]:
    """The offsets of characters that no policy may have, except as escapes of strings."""
    for match in _ODD.finditer(text):
        odd = match.group()
        if not odd.isprintable():
            yield from (match.start() + n for n, c in enumerate(odd) if _is_hidden(c))


def _is_hidden(character: str) -> bool:
    from unicodedata import category  # for few texts

    return category(character) in _HIDDEN
