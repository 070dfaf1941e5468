"""Parser actions: each method makes the tree node of the grammar rule it is named after."""

from __future__ import annotations

from itertools import product
from typing import Any, TypeGuard

from compiler.source import Span
from compiler.syntax import tree as t
from compiler.syntax.token import Token

Child = Any
"""A Token, a node of `tree`, a helper tuple of this module, or None."""

_SETS = (t.Name, t.Number, t.Range, t.Braces)


def _is_token(child: Child) -> TypeGuard[Token]:
    """Whether it is a token, of the parser's tables or of lark."""
    return isinstance(child, str)


class TreeBuilder:
    """Builds the tree while the parser runs; spans come from the tokens it keeps."""

    def __init__(self, file: str) -> None:
        self.file = file

    # Places

    def _at(self, token: Token) -> Span:
        return Span(self.file, token.start_pos or 0, token.end_pos or 0)

    def _across(self, children: list[Child]) -> Span:
        """From the start of the first child to the end of the last."""
        first, last = children[0], children[-1]
        start = first.start_pos or 0 if _is_token(first) else first.span.start
        end = last.end_pos or 0 if _is_token(last) else last.span.end
        return Span(self.file, start, end)

    def _name(self, token: Token) -> t.Name:
        return t.Name(str(token), self._at(token))

    def _names(self, children: list[Child]) -> tuple[t.Name, ...]:
        kinds = ("NAME", "GLOB", "DOTTED")
        return tuple(self._name(c) for c in children if _is_token(c) and c.type in kinds)

    # Values

    def string(self, c: list[Child]) -> t.Text:
        return t.Text(str(c[0]), self._at(c[0]))

    def name(self, c: list[Child]) -> t.Name:
        return self._name(c[0])

    def number(self, c: list[Child]) -> t.Number:
        return t.Number(str(c[0]), self._at(c[0]))

    def atom(self, c: list[Child]) -> t.Atom:
        return self.number(c) if c[0].type == "NUMERAL" else self._name(c[0])

    def range(self, c: list[Child]) -> t.Range:
        return t.Range(c[0], c[2], self._across(c))

    def braces(self, c: list[Child]) -> t.Braces:
        return t.Braces(tuple(x for x in c if isinstance(x, _SETS)), self._across(c))

    # Statements and blocks

    def policy(self, c: list[Child]) -> tuple[t.Statement, ...]:
        return tuple(c)

    def statement(self, c: list[Child]) -> t.Statement:
        return t.Statement(c[-1], tuple(c[:-1]))

    def annotation(self, c: list[Child]) -> t.Annotation:
        value = self.string(c[1:]) if c[1].type == "STRING" else self.number(c[1:])
        return t.Annotation(str(c[0])[1:], value, self._across(c))

    def block(self, c: list[Child]) -> tuple[tuple[t.Statement, ...], Token]:
        return tuple(c[1:-1]), c[-1]

    def _body(self, c: list[Child]) -> tuple[t.Statement, ...]:
        return tuple(x for x in c if isinstance(x, t.Statement))

    # definitions.lark

    def header(self, c: list[Child]) -> t.Header:
        return t.Header(str(c[0]), self._name(c[1]) if len(c) == 3 else c[2], self._across(c))

    def version(self, c: list[Child]) -> t.Name | t.Number:
        return self.atom(c)

    def import_file(self, c: list[Child]) -> t.Import:
        return t.Import(self.string(c[1:]), self._across(c))

    def let(self, c: list[Child]) -> t.Let:
        return t.Let(self._name(c[1]), c[3], self._across(c))

    def profile(self, c: list[Child]) -> t.Profile:
        body, end = c[-1]
        extends = self._name(c[3]) if c[3] is not None else None
        return t.Profile(self._name(c[1]), extends, body, self._across([c[0], end]))

    def profile_use(self, c: list[Child]) -> t.ProfileUse:
        return t.ProfileUse(self._name(c[1]), self._across(c))

    def template(self, c: list[Child]) -> t.Template:
        body, end = c[-1]
        extends = self._name(c[4]) if c[4] is not None else None
        return t.Template(self._name(c[1]), c[2], extends, body, self._across([c[0], end]))

    def parameters(self, c: list[Child]) -> tuple[t.Parameter, ...]:
        return tuple(x for x in c if isinstance(x, t.Parameter))

    def parameter(self, c: list[Child]) -> t.Parameter:
        kind = self._name(c[2]) if c[2] is not None else None
        return t.Parameter(self._name(c[0]), kind, c[4])

    def use(self, c: list[Child]) -> t.Use:
        return t.Use(self._name(c[1]), c[2] or (), self._across(c))

    def arguments(self, c: list[Child]) -> tuple[t.Argument, ...]:
        return tuple(x for x in c if isinstance(x, t.Argument))

    def argument(self, c: list[Child]) -> t.Argument:
        return t.Argument(self._name(c[0]) if c[0] is not None else None, c[2])

    def cell(self, c: list[Child]) -> t.Cell:
        body, end = c[-1]
        return t.Cell(self._name(c[1]), body, self._across([c[0], end]))

    def group(self, c: list[Child]) -> t.Group:
        return t.Group(self._name(c[1]), self._names(c[2:]), self._across(c))

    def host(self, c: list[Child]) -> t.Host:
        body, end = c[-1]
        return t.Host(body, self._across([c[0], end]))

    def comparison(self, c: list[Child]) -> Token:
        return c[0]  # type: ignore[no-any-return]  # lark's children are untyped

    def when(self, c: list[Child]) -> t.When:
        body, end = c[-1]
        return t.When(t.Guard(str(c[2]), c[3], c[3].span), body, self._across([c[0], end]))

    def _guarded(self, c: list[Child]) -> t.Statement:
        annotations = tuple(x for x in c if isinstance(x, t.Annotation))
        first, _, comparison, version = c[len(annotations) :][:4]
        guard = t.Guard(str(comparison), version, version.span)
        node = t.When(guard, self._body(c), self._across([first, c[-1]]))
        return t.Statement(node, annotations)

    limit_when = service_when = test_when = _guarded

    # rules.lark

    def rule(self, c: list[Child]) -> t.Rule:
        final, effect, action, *conditions, end = c
        span = self._across([final or effect, end])
        return t.Rule(str(effect), final is not None, action, tuple(conditions), span)

    def action(self, c: list[Child]) -> t.Action:
        parts = [([str(x)], x, x) if _is_token(x) else x for x in c]
        patterns = tuple("".join(p) for p in product(*(words for words, _, _ in parts)))
        return t.Action(patterns, self._across([parts[0][1], parts[-1][2]]))

    def choice(self, c: list[Child]) -> tuple[list[str], Token, Token]:
        return ["." + n.text for n in self._names(c)], c[0], c[-1]

    def choice_words(self, c: list[Child]) -> tuple[list[str], Token, Token]:
        return [n.text for n in self._names(c)], c[0], c[-1]

    def to(self, c: list[Child]) -> t.To:
        peers, last = c[1]
        return t.To(peers, self._across([c[0], last]))

    def peers(self, c: list[Child]) -> tuple[tuple[t.Name, ...], Token | t.Name]:
        return tuple(x for x in c if isinstance(x, t.Name)), c[-1]

    def peer(self, c: list[Child]) -> t.Name:
        return self._name(c[0])

    def tcp(self, c: list[Child]) -> t.Protocol:
        return t.Protocol(str(c[0]), self._at(c[0]))

    udp = tcp

    def port(self, c: list[Child]) -> t.Ports:
        return t.Ports(c[1], self._across(c))

    def domain(self, c: list[Child]) -> t.Words:
        names, last = c[1]
        return t.Words(str(c[0]), names, self._across([c[0], last]))

    type = protocol = domain

    def words(self, c: list[Child]) -> tuple[tuple[t.Name, ...], Token]:
        return self._names(c), c[-1]

    # settings.lark

    def root(self, c: list[Child]) -> t.Root:
        return t.Root(c[1], c[3], self._across(c))

    def user(self, c: list[Child]) -> t.User:
        groups = tuple(owner for owner in c[5:-1] if owner is not None)
        return t.User(c[1], c[3], groups, self._across(c))

    def mount(self, c: list[Child]) -> t.Mount:
        return t.Mount(self._name(c[1]), c[2], c[4], self._across(c))

    def listen(self, c: list[Child]) -> t.Listen:
        return t.Listen(self._name(c[1]), c[2], self._across(c))

    def exec_readonly(self, c: list[Child]) -> t.ExecReadonly:
        return t.ExecReadonly(self._across(c))

    def exec_sha256(self, c: list[Child]) -> t.ExecHash:
        return t.ExecHash(c[2], c[3], self._across(c))

    def hook(self, c: list[Child]) -> t.Hook:
        return t.Hook(self._name(c[1]), tuple(c[2:-1]), self._across(c))

    def permissive(self, c: list[Child]) -> t.Permissive:
        return t.Permissive(self._across(c))

    def limits(self, c: list[Child]) -> t.Limits:
        return t.Limits(self._body(c), self._across(c))

    def limit(self, c: list[Child]) -> t.Statement:
        *annotations, name, amount, end = c
        node = t.Limit(self._name(name), amount, self._across([name, end]))
        return t.Statement(node, tuple(annotations))

    def devices(self, c: list[Child]) -> t.Devices:
        return t.Devices(self._names(c[1:]), self._across(c))

    def service(self, c: list[Child]) -> t.Service:
        return t.Service(self._body(c), self._across(c))

    def service_item(self, c: list[Child]) -> t.Statement:
        return t.Statement(c[-1], tuple(c[:-1]))

    def command(self, c: list[Child]) -> t.Command:
        return t.Command(str(c[0]), tuple(c[1:-1]), self._across(c))

    healthcheck = command

    def require(self, c: list[Child]) -> t.Order:
        return t.Order(str(c[0]), tuple(c[1:-1]), self._across(c))

    before = require

    def provider(self, c: list[Child]) -> t.Provider:
        return t.Provider("rc", self._name(c[0]))

    def cell_provider(self, c: list[Child]) -> t.Provider:
        return t.Provider("cell", self._name(c[1]))

    def env(self, c: list[Child]) -> t.Env:
        return t.Env(self._name(c[1]), c[2], self._across(c))

    def log(self, c: list[Child]) -> t.Log:
        return t.Log(tuple(c[1:-1]), self._across(c))

    def log_word(self, c: list[Child]) -> tuple[str, t.Text | t.Name]:
        return str(c[0]), self._name(c[1]) if _is_token(c[1]) else c[1]

    def restart(self, c: list[Child]) -> t.Restart:
        backoff = (c[3], c[5]) if c[3] is not None else None
        return t.Restart(self._name(c[1]), backoff, self._across(c))

    def manual(self, c: list[Child]) -> t.Manual:
        return t.Manual(self._across(c))

    def securelevel(self, c: list[Child]) -> t.Securelevel:
        return t.Securelevel(self.number(c[1:]), self._across(c))

    def sysctl(self, c: list[Child]) -> t.Sysctl:
        value: t.Text | t.Number | t.Name
        match c[3].type:
            case "STRING":
                value = self.string(c[3:])
            case "NUMERAL":
                value = self.number(c[3:])
            case _:
                value = self.name(c[3:])
        return t.Sysctl(self._name(c[1]), value, self._across(c))

    # checks.lark

    def assert_never(self, c: list[Child]) -> t.Assertion:
        names, _ = c[2]
        return t.Assertion(str(c[1]), names, c[3], tuple(c[4:-1]), (), self._across(c))

    assert_only = assert_always = assert_never

    def assert_no_influence(self, c: list[Child]) -> t.Assertion:
        names, _ = c[2]
        over, _ = c[4]
        return t.Assertion("no-influence", names, None, (), over, self._across(c))

    def subjects(self, c: list[Child]) -> tuple[tuple[t.Name, ...], t.Name]:
        names = tuple(x for x in c if isinstance(x, t.Name))
        return names, names[0]

    def subject(self, c: list[Child]) -> t.Name:
        return self._name(c[0])

    def test(self, c: list[Child]) -> t.Test:
        return t.Test(self.string(c[1:]), self._body(c), self._across(c))

    def request(self, c: list[Child]) -> t.RequestText:
        (names, first), action, *conditions = c
        return t.RequestText(names, action, tuple(conditions), first.span.to(c[-1].span))

    def expectation(self, c: list[Child]) -> tuple[bool, t.Name | None]:
        if len(c) == 1:
            return True, None
        return False, self._name(c[2]) if c[2] is not None else None

    def deciding(self, c: list[Child]) -> t.Text:
        return self.string(c[1:])

    def test_case(self, c: list[Child]) -> t.Statement:
        *annotations, effect, request, rule, expectation, end = c
        works, voter = expectation or (None, None)
        span = self._across([effect, end])
        node = t.TestCase(str(effect), request, rule, works, voter, span)
        return t.Statement(node, tuple(annotations))
