"""The syntax tree: what stands in a file, nothing resolved, every node with its span."""

from __future__ import annotations

from typing import TypeVar

from compiler.record import record
from compiler.source import Span

# Values


@record
class Text:
    """A string; `raw` still has its quotes and escapes."""

    raw: str
    span: Span


@record
class Number:
    """A numeral as written: port, size, duration, date or version by where it stands."""

    raw: str
    span: Span


@record
class Name:
    text: str
    span: Span


@record
class Range:
    low: Atom
    high: Atom
    span: Span


@record
class Braces:
    items: tuple[Set, ...]
    span: Span


Atom = Number | Name
Set = Number | Name | Range | Braces
Value = Text | Set

# Parts of statements


@record
class Annotation:
    """`name` without its `@`."""

    name: str
    value: Text | Number
    span: Span


@record
class Action:
    """The action patterns a rule is about, choices multiplied out."""

    patterns: tuple[str, ...]
    span: Span


@record
class To:
    peers: tuple[Name, ...]
    span: Span


@record
class Protocol:
    name: str
    span: Span


@record
class Ports:
    ports: Set
    span: Span


@record
class Words:
    """`domain`, `type` or `protocol` of a socket."""

    kind: str
    names: tuple[Name, ...]
    span: Span


Condition = To | Protocol | Ports | Words


@record
class Guard:
    """The condition of `when target ... `."""

    comparison: str
    version: Name | Number
    span: Span


@record
class RequestText:
    """A request as people write it: who, what, under which conditions."""

    subjects: tuple[Name, ...]
    action: Action
    conditions: tuple[Condition, ...]
    span: Span


# Statements


@record
class Header:
    """`policy NAME;` or `target netbsd VERSION;`."""

    word: str
    value: Name | Number
    span: Span


@record
class Import:
    path: Text
    span: Span


@record
class Let:
    name: Name
    value: Value
    span: Span


@record
class Profile:
    name: Name
    extends: Name | None
    body: tuple[Statement, ...]
    span: Span


@record
class ProfileUse:
    name: Name
    span: Span


@record
class Parameter:
    name: Name
    type: Name | None
    default: Value | None


@record
class Template:
    name: Name
    parameters: tuple[Parameter, ...]
    extends: Name | None
    body: tuple[Statement, ...]
    span: Span


@record
class Argument:
    name: Name | None
    value: Value


@record
class Use:
    name: Name
    arguments: tuple[Argument, ...]
    span: Span


@record
class Cell:
    name: Name
    body: tuple[Statement, ...]
    span: Span


@record
class Group:
    name: Name
    members: tuple[Name, ...]
    span: Span


@record
class Host:
    body: tuple[Statement, ...]
    span: Span


@record
class When:
    guard: Guard
    body: tuple[Statement, ...]
    span: Span


@record
class Assertion:
    """`kind` is never, only, always or no-influence; the last has `over` and no request."""

    kind: str
    subjects: tuple[Name, ...]
    action: Action | None
    conditions: tuple[Condition, ...]
    over: tuple[Name, ...]
    span: Span


@record
class TestCase:
    effect: str
    request: RequestText
    rule: Text | None
    """The rule that is expected to decide; None when any may."""
    works: bool | None
    """Whether the outcome is expected to work; None when only the vote is."""
    voter: Name | None
    span: Span


@record
class Test:
    title: Text
    body: tuple[Statement, ...]
    span: Span


@record
class Rule:
    effect: str
    final: bool
    action: Action
    conditions: tuple[Condition, ...]
    span: Span


@record
class Root:
    path: Text | Name
    base: Text | Name | None
    span: Span


@record
class User:
    user: Text | Name | Number
    group: Text | Name | Number | None
    groups: tuple[Text | Name | Number, ...]
    span: Span


@record
class Mount:
    mode: Name
    source: Text | Name
    target: Text | Name
    span: Span


@record
class Listen:
    protocol: Name
    ports: Set
    span: Span


@record
class Limits:
    body: tuple[Statement, ...]
    span: Span


@record
class Limit:
    name: Name
    amount: Number | Name
    span: Span


@record
class ExecReadonly:
    span: Span


@record
class ExecHash:
    digest: Text | Name
    path: Text | Name
    span: Span


@record
class Devices:
    names: tuple[Name, ...]
    span: Span


@record
class Hook:
    when: Name
    argv: tuple[Text | Name, ...]
    span: Span


@record
class Permissive:
    span: Span


@record
class Securelevel:
    level: Number
    span: Span


@record
class Sysctl:
    name: Name
    value: Number | Text | Name
    span: Span


@record
class Service:
    body: tuple[Statement, ...]
    span: Span


@record
class Command:
    """`command` or `healthcheck`."""

    word: str
    argv: tuple[Text | Name, ...]
    span: Span


@record
class Provider:
    kind: str
    name: Name


@record
class Order:
    """`require` or `before`."""

    word: str
    providers: tuple[Provider, ...]
    span: Span


@record
class Env:
    name: Name
    value: Text | Name
    span: Span


@record
class Log:
    """Pairs of a word (facility, tag, stdout, stderr) and what follows it."""

    words: tuple[tuple[str, Text | Name], ...]
    span: Span


@record
class Restart:
    mode: Name
    backoff: tuple[Number | Name, Number | Name] | None
    span: Span


@record
class Manual:
    span: Span


Plain = (
    Header
    | Import
    | Let
    | Profile
    | ProfileUse
    | Template
    | Use
    | Cell
    | Group
    | Host
    | When
    | Assertion
    | TestCase
    | Test
    | Rule
    | Root
    | User
    | Mount
    | Listen
    | Limits
    | Limit
    | ExecReadonly
    | ExecHash
    | Devices
    | Hook
    | Permissive
    | Securelevel
    | Sysctl
    | Service
    | Command
    | Order
    | Env
    | Log
    | Restart
    | Manual
)


class Statement:
    """A statement and the annotations before it; `span` is the statement's own.

    Statements with the same text share one node, the `shared` one: its spans tell where the
    first of them stands.
    """

    __slots__ = ("_node", "annotations", "kind", "shared", "span")

    def __init__(
        self, node: Plain, annotations: tuple[Annotation, ...] = (), span: Span | None = None
    ) -> None:
        self.shared = node
        self.annotations = annotations
        self.span = span or node.span
        self.kind: type[Plain] = type(node)
        self._node: Plain | None = None

    @property
    def node(self) -> Plain:
        """The node with its spans where this statement stands."""
        node = self._node
        if node is None:
            shift = self.span.start - self.shared.span.start
            node = self._node = moved(self.shared, shift) if shift else self.shared
        return node

    @property
    def body(self) -> tuple[Statement, ...]:
        """The statements in its block; none for a statement without one."""
        body: tuple[Statement, ...] = getattr(self.shared, "body", ())
        return getattr(self.node, "body", ()) if body else body

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Statement):
            return NotImplemented
        return self.node == other.node and self.annotations == other.annotations

    def __hash__(self) -> int:
        return hash((self.span, self.annotations))

    def __repr__(self) -> str:
        return f"Statement({self.node!r}, {self.annotations!r})"


_Part = TypeVar("_Part")


def moved(part: _Part, shift: int) -> _Part:
    """A node, or a part of one, with all spans `shift` characters later in the file."""
    made: object
    match part:
        case Span():
            made = Span(part.file, part.start + shift, part.end + shift)
        case tuple():
            made = tuple([moved(item, shift) for item in part])
        case str() | bool() | None:
            made = part
        case Statement():
            made = Statement(moved(part.node, shift), moved(part.annotations, shift))
        case _:
            names = type(part).__slots__  # type: ignore[attr-defined]  # records have them
            made = type(part)(*[moved(getattr(part, name), shift) for name in names])
    return made  # type: ignore[return-value]  # of the type that it was made of
