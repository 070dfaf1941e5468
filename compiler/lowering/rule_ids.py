"""Stable rule ids: the same rule keeps its id when it is moved or formatted anew."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
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
    alike: defaultdict[tuple[str, str, str], list[Span]] = defaultdict(list)
    known: dict[str, str] = {}
    for span in sorted(scopes):
        text = sources[span.file].text[span.start : span.end]
        tokens = known.get(text)
        if tokens is None:
            tokens = known[text] = canonical(text)
        alike[span.file, scopes[span], tokens].append(span)
    ids: dict[Span, int] = {}
    taken = {0}
    for key in sorted(alike):
        for ordinal, span in enumerate(alike[key]):
            number = salt = 0
            while number in taken:
                words = "\0".join((*key, str(ordinal), str(salt)))
                digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest()
                number = int.from_bytes(digest[:4], "big")
                salt += 1
            taken.add(number)
            ids[span] = number
    return ids
