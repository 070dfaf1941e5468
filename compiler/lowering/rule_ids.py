"""Stable rule ids: the same rule keeps its id when it is moved or formatted anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from compiler.digest import sha256
from compiler.model.policy import Body
from compiler.pattern import pattern
from compiler.record import NamedTuple
from compiler.source import Source, Span

_COMMENT = pattern(r"#[^\n]*")
#: Blanks that keep no words apart.
_NEEDLESS = pattern(r" (?=[{},;=]|\.\.)|(?<=[{},;=]) |(?<=\.\.) ")


def on_one_line(text: str) -> str:
    """The text of a rule without comments and line breaks, for people."""
    if "#" in text:
        text = _COMMENT.sub(" ", text)
    return " ".join(text.split())


def canonical(text: str) -> str:
    """The tokens of a rule with one blank where two words would touch."""
    return _NEEDLESS.sub("", on_one_line(text))


class RuleIds(NamedTuple):
    """The ids of rules, by their spans."""

    by_span: Mapping[Span, int]
    contested: frozenset[int] = frozenset()
    """Numbers that several rules would have: who has which of them hangs on all of these."""


def rule_ids(bodies: Iterable[Body], sources: Mapping[str, Source]) -> RuleIds:
    """A 32-bit id, never 0, for every rule of some bodies.

    It is made of the rule's canonical tokens, its file, its scope, and its ordinal
    among identical ones; when two collide, the later in this order is salted.
    """
    texts = {name: source.text for name, source in sources.items()}
    bodies = tuple(bodies)
    ids = {span: _number(words, ordinal) for span, words, ordinal in _keys(bodies, texts)}
    if 0 in (numbers := {*ids.values()}) or len(numbers) < len(ids):
        return _salted(_keys(bodies, texts))
    return RuleIds(ids)


def _keys(bodies: Iterable[Body], texts: Mapping[str, str]) -> Iterator[tuple[Span, bytes, int]]:
    """The place of each rule and what its id is made of: words, and an ordinal among those
    with the same.

    Rules of one scope come in the order of their places.
    """
    tokens: dict[str, bytes] = {}
    places: set[Span] = set()
    seen: dict[bytes, int] = {}
    done: set[int] = set()
    for body in bodies:
        if not body.rules or id(body) in done:
            continue
        done.add(id(body))
        file = body.rules[0].span.file
        text = texts[file]
        head = _bytes(f"{file}\0{body.rules[0].scope}\0")
        for rule in body.rules:
            span = rule.span
            if body.kind == "template":
                if span in places:  # of another use
                    continue
                places.add(span)
            _, start, end = span
            written = text[start:end]
            said = tokens.get(written)
            if said is None:
                said = tokens[written] = _bytes(canonical(written))
            words = head + said
            ordinal = seen.get(words, 0)
            seen[words] = ordinal + 1
            yield span, words, ordinal


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _number(words: bytes, ordinal: int, salt: int = 0) -> int:
    digest = sha256(words + b"\0%d\0%d" % (ordinal, salt)).digest()
    return int.from_bytes(digest[:4], "big")


def _salted(keys: Iterable[tuple[Span, bytes, int]]) -> RuleIds:
    """Ids of which no two are the same, though their words collide."""
    ids: dict[Span, int] = {}
    taken = {0}
    contested: set[int] = set()
    for span, words, ordinal in sorted(keys, key=lambda key: key[1:]):
        number = salt = 0
        while number in taken:
            number = _number(words, ordinal, salt)
            salt += 1
            if number in taken or salt > 1:
                contested.add(number)
        taken.add(number)
        ids[span] = number
    return RuleIds(ids, frozenset(contested))
