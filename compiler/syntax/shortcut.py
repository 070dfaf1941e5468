"""Plain access rules, read by one regular expression instead of the parser's tables.

Most statements of a large policy are such rules.  What the expression does not
match goes the ordinary way, so it may be as narrow as it likes; tests hold that
both ways make the same tree.
"""

from __future__ import annotations

import re

from compiler.source import Span
from compiler.syntax import tree as t

_NAME = r"[A-Za-z][A-Za-z0-9_-]*"
_PORT = r"[0-9]+"

_RULE = re.compile(
    rf"(?P<rule>(?P<effect>deny|allow|grant)[ ]+(?P<action>{_NAME}(?:\.{_NAME})*(?:\.\*)?)"
    rf"(?P<to>[ ]+to[ ]+(?P<peer>{_NAME}))?"
    r"(?P<protocol>[ ]+(?P<word>tcp|udp))?"
    rf"(?P<port>[ ]+port[ ]+(?P<low>{_PORT})(?:\.\.(?P<high>{_PORT}))?)?;)"
)


def plain_rule(text: str, offset: int, *, file: str) -> tuple[t.Statement, int] | None:
    """The rule that begins at `offset` and where it ends, or None if it is not a plain one."""
    m = _RULE.match(text, offset)
    if m is None:
        return None
    end = m.end()
    start, stop = m.span("action")
    action = t.Action((m["action"],), Span(file, start, stop))
    conditions: tuple[t.Condition, ...] = ()
    if stop + 1 != end:
        conditions = tuple(_conditions(m, file))
    rule = t.Rule(m["effect"], False, action, conditions, Span(file, offset, end))
    return t.Statement(rule), end


def _conditions(m: re.Match[str], file: str) -> list[t.Condition]:
    made: list[t.Condition] = []
    if m["to"] is not None:
        start, stop = m.span("peer")
        peer = t.Name(m["peer"], Span(file, start, stop))
        made.append(t.To((peer,), Span(file, _word(m, "to"), stop)))
    if m["protocol"] is not None:
        made.append(t.Protocol(m["word"], Span(file, *m.span("word"))))
    if m["port"] is not None:
        low = t.Number(m["low"], Span(file, *m.span("low")))
        ports: t.Set = low
        if m["high"] is not None:
            high = t.Number(m["high"], Span(file, *m.span("high")))
            ports = t.Range(low, high, low.span.to(high.span))
        made.append(t.Ports(ports, Span(file, _word(m, "port"), ports.span.end)))
    return made


def _word(m: re.Match[str], group: str) -> int:
    """Where the word stands that a group begins with after its blanks."""
    return m.start(group) + len(m[group]) - len(m[group].lstrip())
