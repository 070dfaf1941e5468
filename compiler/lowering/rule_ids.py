"""Stable rule ids: the same rule keeps its id when it is moved or formatted anew."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from compiler.source import Source, Span

_COMMENT = re.compile(r"#[^\n]*")
_AROUND = re.compile(r"\s*([{},;=]|\.\.)\s*")


def on_one_line(text: str) -> str:
    """The text of a rule without comments and line breaks, for people."""
    if "#" in text:
        text = _COMMENT.sub(" ", text)
    return " ".join(text.split())


def canonical(text: str) -> str:
    """The tokens of a rule with one blank where two words would touch."""
    return _AROUND.sub(r"\1", on_one_line(text))


def rule_ids(scopes: Mapping[Span, str], sources: Mapping[str, Source]) -> dict[Span, int]:
    """A 32-bit id, never 0, for every rule, given the scope at its span.

    It is made of the rule's canonical tokens, its file, its scope, and its ordinal
    among identical ones; when two collide, the later in this order is salted.
    """
    words = _Words(sources)
    keys = {span: words.of(span, scopes[span]) for span in sorted(scopes)}
    ids = {span: _number(*key) for span, key in keys.items()}
    if 0 in (numbers := {*ids.values()}) or len(numbers) < len(ids):
        return _salted(keys)
    return ids


class _Words:
    """What the ids of rules are made of: words, and an ordinal among those with the same."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._texts = {name: source.text for name, source in sources.items()}
        self._tokens: dict[str, bytes] = {}
        self._heads: dict[tuple[str, str], bytes] = {}
        self._seen: dict[bytes, int] = {}

    def of(self, span: Span, scope: str) -> tuple[bytes, int]:
        """The words of a rule, asked for in the order of places."""
        file, start, end = span
        text = self._texts[file][start:end]
        tokens = self._tokens.get(text)
        if tokens is None:
            tokens = self._tokens[text] = _bytes(canonical(text))
        head = self._heads.get((file, scope))
        if head is None:
            head = self._heads[file, scope] = _bytes(f"{file}\0{scope}\0")
        words = head + tokens
        ordinal = self._seen.get(words, 0)
        self._seen[words] = ordinal + 1
        return words, ordinal


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _number(words: bytes, ordinal: int, salt: int = 0) -> int:
    digest = hashlib.sha256(words + b"\0%d\0%d" % (ordinal, salt)).digest()
    return int.from_bytes(digest[:4], "big")


def _salted(keys: Mapping[Span, tuple[bytes, int]]) -> dict[Span, int]:
    """Ids of which no two are the same, though their words collide."""
    ids: dict[Span, int] = {}
    taken = {0}
    for span in sorted(keys, key=keys.__getitem__):
        number = salt = 0
        while number in taken:
            number = _number(*keys[span], salt)
            salt += 1
        taken.add(number)
        ids[span] = number
    return ids
