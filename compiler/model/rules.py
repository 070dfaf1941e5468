"""Access rules with their names resolved and their conditions checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from compiler.catalogue.actions import Leaf
from compiler.catalogue.words import DOMAINS, SOCKET_PROTOCOLS, SOCKET_TYPES
from compiler.diagnostics import Diagnostics, Related, nearest
from compiler.ir.ir import ANY_PEER, AUTO, HOST, HOST_ROOT, SELF, Effect, Peers, Ranges
from compiler.ir.requests import RAWSOCK_DOMAIN, RAWSOCK_TYPE
from compiler.model.actions import Actions
from compiler.model.policy import Rule
from compiler.names.annotations import Notes
from compiler.names.groups import Groups
from compiler.names.values import Scope, Unknown
from compiler.source import Span
from compiler.syntax import tree as t

_EVERYONE = "any"

_WORDS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "domain": ("a protocol family (PF_)", "E0409", DOMAINS),
    "type": ("a socket type (SOCK_)", "E0410", SOCKET_TYPES),
    "protocol": ("an IP protocol (IPPROTO_)", "E0411", SOCKET_PROTOCOLS),
}

_DIMENSIONS = {
    "to": ("target", "self"),
    "tcp or udp": ("bind",),
    "port": ("bind",),
    "domain": ("socket", "rawsock"),
    "type": ("socket", "rawsock"),
    "protocol": ("socket", "rawsock"),
}


@dataclass(slots=True)
class _Conditions:
    """The conditions of one rule while they are read."""

    to: Peers | None = None
    protocols: tuple[str, ...] | None = None
    ports: Ranges | None = None
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: dict[str, Span] = field(default_factory=dict)


class Rules:
    """Makes model rules of syntax."""

    def __init__(self, actions: Actions, groups: Groups, found: Diagnostics) -> None:
        self._actions = actions
        self._groups = groups
        self._found = found

    def rule(self, node: t.Rule, scope: Scope, where: str, notes: Notes, lint: bool) -> Rule | None:
        """A rule, or None after a diagnostic or when it depends on something unknown."""
        rule = self.pattern(node.action, node.conditions, scope, where, node.span, lint)
        if rule is None:
            return None
        effect: Effect = node.effect  # type: ignore[assignment]  # the grammar has just three
        leaves = [self._actions.catalogue.by_name[name] for name in rule.actions]
        if effect == "grant" and not self._may_grant(node, leaves, notes):
            return None
        reaches = rule.to is None and any(leaf.dimension == "target" for leaf in leaves)
        if lint and effect != "deny" and reaches:
            self._found.warning(
                "W0804",
                f"this {effect} reaches every process of the host and of all cells",
                node.action.span,
                "say whom it is about: `to self`, `to CELL` or `to any`",
            )
        return Rule(
            effect=effect,
            final=node.final,
            listen=False,
            actions=rule.actions,
            to=rule.to,
            protocols=rule.protocols,
            ports=rule.ports,
            domains=rule.domains,
            types=rule.types,
            socket_protocols=rule.socket_protocols,
            scope=where,
            span=node.span,
            notes=notes,
        )

    def _may_grant(self, node: t.Rule, leaves: list[Leaf], notes: Notes) -> bool:
        if any(leaf.scope == "vnode" for leaf in leaves):
            help = "a grant would override every file's mode; use file permissions and mounts"
            self._found.error("E0412", "vnode actions cannot be granted", node.span, help)
            return False
        powerful = [leaf.name for leaf in leaves if leaf.rootlike]
        if powerful and notes.reason is None:
            more = f" and {len(powerful) - 1} more" if powerful[1:] else ""
            self._found.error(
                "E0413",
                f"a grant of `{powerful[0]}`{more} is as good as root",
                node.span,
                'say why with `@reason "..."` before the rule',
            )
        return True

    def pattern(
        self,
        action: t.Action,
        conditions: tuple[t.Condition, ...],
        scope: Scope,
        where: str,
        span: Span,
        lint: bool = True,
        request: bool = False,
    ) -> Rule | None:
        """The actions and conditions of a rule, request or assertion; its effect means nothing.

        A `request` may be one that the kernel never asks: it still has an answer.
        """
        leaves = self._actions.resolve(action, lint)
        read = self._read(conditions, scope)
        if leaves is None or read is None or not self._applicable(leaves, read):
            return None
        kept = tuple(leaf.name for leaf in leaves if _carries(leaf, read))
        if not kept and request:
            kept = tuple(leaf.name for leaf in leaves)
        if not kept:
            help = "the kernel never asks this action with these conditions"
            self._found.error("E0414", "this can match nothing", span, help)
            return None
        return Rule(
            effect="allow",
            final=False,
            listen=False,
            actions=kept,
            to=read.to,
            protocols=read.protocols,
            ports=read.ports,
            domains=read.words.get("domain"),
            types=read.words.get("type"),
            socket_protocols=read.words.get("protocol"),
            scope=where,
            span=span,
            notes=Notes(),
        )

    def _read(self, conditions: tuple[t.Condition, ...], scope: Scope) -> _Conditions | None:
        read = _Conditions()
        good = True
        for condition in conditions:
            match condition:
                case t.To():
                    good &= self._once("to", condition.span, read)
                    read.to = self._peers(condition, scope)
                    good &= read.to is not None
                case t.Protocol():
                    given = read.protocols or ()
                    if condition.name in given:
                        good &= self._once("tcp or udp", condition.span, read)
                    read.seen.setdefault("tcp or udp", condition.span)
                    read.protocols = tuple(sorted({*given, condition.name}))
                case t.Ports():
                    good &= self._once("port", condition.span, read)
                    read.ports = scope.ports(condition.ports, auto=True)
                    good &= read.ports is not None
                case t.Words():
                    good &= self._once(condition.kind, condition.span, read)
                    words = self._words(condition)
                    good &= words is not None
                    read.words[condition.kind] = words or ()
        return read if good else None

    def _once(self, kind: str, span: Span, read: _Conditions) -> bool:
        first = read.seen.setdefault(kind, span)
        if first is not span:
            self._found.error(
                "E0407",
                f"the condition `{kind}` is given twice",
                span,
                "write a set: `{a, b}`",
                [Related(first, "first here")],
            )
        return first is span

    def _words(self, condition: t.Words) -> tuple[str, ...] | None:
        what, code, known = _WORDS[condition.kind]
        words = set()
        for name in condition.names:
            word = name.text.lower()
            if word not in known:
                help = nearest(word, known) or f"such as {', '.join(list(known)[:6])}"
                self._found.error(code, f"`{name.text[:40]}` is not {what}", name.span, help)
                return None
            words.add(known[word])
        return tuple(sorted(words))

    def _peers(self, condition: t.To, scope: Scope) -> Peers | None:
        members: set[str] = set()
        everyone = False
        good = True
        for peer in condition.peers:
            if peer.text == _EVERYONE:
                everyone = True
            elif peer.text in (SELF, HOST):
                members.add(peer.text)
            elif peer.text == HOST_ROOT:
                help = "processes of the host are one target: `to host`"
                self._found.error("E0415", "`host-root` is not a target", peer.span, help)
                good = False
            else:
                cells = self._cells(peer, scope)
                good &= cells is not None
                members |= cells or frozenset()
        if not good:
            return None
        return ANY_PEER if everyone else Peers(False, tuple(sorted(members)))

    def _cells(self, peer: t.Name, scope: Scope) -> frozenset[str] | None:
        parameter = scope.parameters.get(peer.text)
        if isinstance(parameter, Unknown):
            return None
        name = parameter if isinstance(parameter, t.Name) else peer
        cells = self._groups.members(name.text)
        if cells is None:
            self._groups.unknown(name)
        return cells

    def subjects(self, names: tuple[t.Name, ...]) -> tuple[str, ...] | None:
        """The subjects that an assertion or a request names, in order, each once."""
        subjects: dict[str, None] = {}
        good = True
        for name in names:
            if name.text == _EVERYONE:
                subjects.update(dict.fromkeys([*self._groups.cells, HOST]))
            elif name.text in (HOST, HOST_ROOT):
                subjects[name.text] = None
            elif (cells := self._groups.members(name.text)) is not None:
                subjects.update(dict.fromkeys(sorted(cells)))
            else:
                self._groups.unknown(name)
                good = False
        return tuple(subjects) if good else None

    def _applicable(self, leaves: tuple[Leaf, ...], read: _Conditions) -> bool:
        """Whether every action of the pattern has every condition of the rule."""
        good = True
        for kind, span in read.seen.items():
            able = {leaf.action for leaf in leaves if leaf.dimension in _DIMENSIONS[kind]}
            unable = [leaf.action for leaf in leaves if leaf.action not in able]
            if unable:
                self._found.error(
                    "E0408",
                    f"`{unable[0]}` has no condition `{kind}`",
                    span,
                    _CONDITION_HELP[kind],
                )
                good = False
        return good


_CONDITION_HELP = {
    "to": "only process actions have a target",
    "tcp or udp": "only network.bind has a transport protocol",
    "port": "only network.bind has a port",
    "domain": "only network.socket has a domain",
    "type": "only network.socket has a type",
    "protocol": "only network.socket has an IP protocol",
}


def _carries(leaf: Leaf, read: _Conditions) -> bool:
    """Whether the kernel can ask this leaf in a way that the conditions match."""
    if any(leaf.dimension not in _DIMENSIONS[kind] for kind in read.seen):
        return False
    if leaf.dimension == "bind" and read.ports is not None:
        assert leaf.ports is not None
        least, most = leaf.ports
        return any(a == AUTO or (a <= most and b >= least) for a, b in read.ports)
    if leaf.dimension == "rawsock":
        domains, types = read.words.get("domain"), read.words.get("type")
        return (domains is None or RAWSOCK_DOMAIN in domains) and (
            types is None or RAWSOCK_TYPE in types
        )
    return True
