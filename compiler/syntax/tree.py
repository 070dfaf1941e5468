"""The syntax tree: what stands in a file, nothing resolved, every node with its span."""

from __future__ import annotations

from dataclasses import dataclass

from compiler.source import Span

# Values


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `raw` still has its quotes and escapes."""

    raw: str
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A numeral as written: port, size, duration, date or version by where it stands."""

    raw: str
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    low: Atom
    high: Atom
    span: Span


@dataclass(frozen=True, slots=True)
class Braces:
    items: tuple[Set, ...]
    span: Span


Atom = Number | Name
Set = Number | Name | Range | Braces
Value = Text | Set

# Parts of statements


@dataclass(frozen=True, slots=True)
class Annotation:
    """`name` without its `@`."""

    name: str
    value: Text | Number
    span: Span


@dataclass(frozen=True, slots=True)
class Action:
    """The action patterns a rule is about, choices multiplied out."""

    patterns: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class To:
    peers: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Protocol:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Ports:
    ports: Set
    span: Span


@dataclass(frozen=True, slots=True)
class Words:
    """`domain`, `type` or `protocol` of a socket."""

    kind: str
    names: tuple[Name, ...]
    span: Span


Condition = To | Protocol | Ports | Words


@dataclass(frozen=True, slots=True)
class Guard:
    """The condition of `when target ... `."""

    comparison: str
    version: Name | Number
    span: Span


@dataclass(frozen=True, slots=True)
class RequestText:
    """A request as people write it: who, what, under which conditions."""

    subjects: tuple[Name, ...]
    action: Action
    conditions: tuple[Condition, ...]
    span: Span


# Statements


@dataclass(frozen=True, slots=True)
class Header:
    """`policy NAME;` or `target netbsd VERSION;`."""

    word: str
    value: Name | Number
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    path: Text
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    name: Name
    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class Profile:
    name: Name
    extends: Name | None
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ProfileUse:
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    name: Name
    type: Name | None
    default: Value | None


@dataclass(frozen=True, slots=True)
class Template:
    name: Name
    parameters: tuple[Parameter, ...]
    extends: Name | None
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    name: Name | None
    value: Value


@dataclass(frozen=True, slots=True)
class Use:
    name: Name
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Cell:
    name: Name
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    name: Name
    members: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Host:
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class When:
    guard: Guard
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Assertion:
    """`kind` is never, only, always or no-influence; the last has `over` and no request."""

    kind: str
    subjects: tuple[Name, ...]
    action: Action | None
    conditions: tuple[Condition, ...]
    over: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class TestCase:
    effect: str
    request: RequestText
    works: bool | None
    """Whether the outcome is expected to work; None when only the vote is."""
    voter: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Test:
    title: Text
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Rule:
    effect: str
    final: bool
    action: Action
    conditions: tuple[Condition, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Root:
    path: Text | Name
    base: Text | Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class User:
    user: Text | Name | Number
    group: Text | Name | Number | None
    span: Span


@dataclass(frozen=True, slots=True)
class Mount:
    mode: Name
    source: Text | Name
    target: Text | Name
    span: Span


@dataclass(frozen=True, slots=True)
class Listen:
    protocol: Name
    ports: Set
    span: Span


@dataclass(frozen=True, slots=True)
class Limits:
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Limit:
    name: Name
    amount: Number | Name
    span: Span


@dataclass(frozen=True, slots=True)
class ExecReadonly:
    span: Span


@dataclass(frozen=True, slots=True)
class ExecHash:
    digest: Text | Name
    path: Text | Name
    span: Span


@dataclass(frozen=True, slots=True)
class Devices:
    names: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Hook:
    when: Name
    argv: tuple[Text | Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Permissive:
    span: Span


@dataclass(frozen=True, slots=True)
class Securelevel:
    level: Number
    span: Span


@dataclass(frozen=True, slots=True)
class Sysctl:
    name: Name
    value: Number | Text | Name
    span: Span


@dataclass(frozen=True, slots=True)
class Service:
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Command:
    """`command` or `healthcheck`."""

    word: str
    argv: tuple[Text | Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Provider:
    kind: str
    name: Name


@dataclass(frozen=True, slots=True)
class Order:
    """`require` or `before`."""

    word: str
    providers: tuple[Provider, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Env:
    name: Name
    value: Text | Name
    span: Span


@dataclass(frozen=True, slots=True)
class Log:
    """Pairs of a word (facility, tag, stdout, stderr) and what follows it."""

    words: tuple[tuple[str, Text | Name], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Restart:
    mode: Name
    backoff: tuple[Number | Name, Number | Name] | None
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
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the annotations before it; `span` is the statement's own."""

    node: Plain
    annotations: tuple[Annotation, ...] = ()

    @property
    def span(self) -> Span:
        return self.node.span
