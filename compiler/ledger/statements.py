"""Every statement of a policy's files, where it stands, and how it is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from compiler.lowering.rule_ids import on_one_line
from compiler.names.definitions import Definitions
from compiler.names.release import holds
from compiler.names.shipped import SHIPPED, shipped_profile
from compiler.pattern import pattern
from compiler.record import NamedTuple
from compiler.source import Source, Span
from compiler.syntax import tree as t

#: How each type of statement is called; None where the node's own word says it.
KINDS: dict[type[t.Plain], str | None] = {
    t.Header: None,
    t.Import: "import",
    t.Let: "let",
    t.Profile: "profile",
    t.ProfileUse: "profile use",
    t.Template: "template",
    t.Use: "use",
    t.Cell: "cell",
    t.Group: "group",
    t.Host: "host",
    t.When: "when",
    t.Assertion: "assert",
    t.TestCase: "test case",
    t.Test: "test",
    t.Rule: "rule",
    t.Root: "root",
    t.User: "user",
    t.Mount: "mount",
    t.Listen: "listen",
    t.Limits: "limits",
    t.Limit: "limit",
    t.ExecReadonly: "exec readonly",
    t.ExecHash: "exec sha256",
    t.Devices: "devices",
    t.Hook: "hook",
    t.Permissive: "permissive",
    t.Securelevel: "securelevel",
    t.Sysctl: "sysctl",
    t.Service: "service",
    t.Command: None,
    t.Order: None,
    t.Env: "env",
    t.Log: "log",
    t.Restart: "restart",
    t.Manual: "manual",
}

#: Statements that hold others.
BLOCKS = frozenset(kind for kind in KINDS if hasattr(kind, "body"))

_TEXT_OR_COMMENT = pattern(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*')


class Place(NamedTuple):
    """What a statement stands in."""

    scope: str = ""
    """Such as "profile service", "cell web", "host"; "" at the top level."""
    service: Span | None = None
    """The `service` block around it."""
    off: str = ""
    """Why nothing in here counts; "" where it does."""


def files(definitions: Definitions) -> list[tuple[str, tuple[t.Statement, ...]]]:
    """The statements of every file by name, the shipped profiles that are used included."""
    found = {file.source.name: file.statements for file in definitions.files}
    for name in SHIPPED:
        source, profile = shipped_profile(name)
        if source.name in definitions.sources:
            found[source.name] = (t.Statement(profile),)
    return sorted(found.items())


def walk(
    statements: Iterable[t.Statement], target: str, place: Place
) -> Iterator[tuple[t.Statement, Place]]:
    """Every statement, those in blocks after the block."""
    for statement in statements:
        yield statement, place
        if statement.body:
            yield from walk(statement.body, target, _inside(statement.node, target, place))


def _inside(node: t.Plain, target: str, place: Place) -> Place:
    """What the statements in the block of `node` stand in."""
    match node:
        case t.Profile() | t.Template() | t.Cell():
            return place._replace(scope=f"{type(node).__name__.lower()} {node.name.text}")
        case t.Host():
            return place._replace(scope="host")
        case t.Service():
            return place._replace(service=node.span)
        case t.When() if not place.off and not holds(node.guard, target):
            return place._replace(off=f"not for this target: NetBSD {target}")
    return place


def kind(statement: t.Statement) -> str:
    """How a statement is called."""
    node = statement.shared
    return KINDS[type(node)] or node.word  # type: ignore[union-attr]  # None goes with `word`


def text(statement: t.Statement, source: Source) -> str:
    """A statement on one line without comments, of a block what stands before its brace."""
    if statement.kind not in BLOCKS:
        span = statement.span
        return _on_one_line(source.text[span.start : span.end])
    node = statement.node
    body = statement.body
    end = node.span.end
    if body:
        first = body[0]
        end = min([first.span.start, *(note.span.start for note in first.annotations)])
    head = _on_one_line(source.text[node.span.start : end])
    return head.removesuffix("}").rstrip().removesuffix("{").rstrip()


#: What does not stand in most statements, which are on one line as they are.
_LAYOUT = pattern(r"[#\t-\r\x1c-\x1f\x85\u2028\u2029]|  ")


def _on_one_line(raw: str) -> str:
    if _LAYOUT.search(raw) is None:
        return raw.strip()
    if '"' not in raw:
        return on_one_line(raw)
    texts: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        if match[0].startswith("#"):
            return " "
        texts.append(match[0])
        return "\0"

    line = on_one_line(_TEXT_OR_COMMENT.sub(put_aside, raw))
    return re.sub("\0", lambda _: texts.pop(0), line)
