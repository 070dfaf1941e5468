"""Access rules with their names resolved and their conditions checked."""

from __future__ import annotations

from compiler.catalogue.actions import Leaf
from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.ir.ir import ANY_PEER, HOST, HOST_ROOT, SELF, Effect, Peers
from compiler.model.actions import Actions
from compiler.model.conditions import DIMENSIONS, WHO_HAS, WORDS, Conditions, carried, why_nothing
from compiler.model.policy import Meaning
from compiler.names.annotations import NO_NOTES, Notes
from compiler.names.groups import Groups
from compiler.names.values import Scope, Unknown
from compiler.source import Span
from compiler.syntax import tree as t

_EVERYONE = "any"


class Rules:
    """Makes model rules of syntax."""

    def __init__(self, actions: Actions, groups: Groups, found: Diagnostics) -> None:
        self._actions = actions
        self._groups = groups
        self._found = found

    def rule(self, node: t.Rule, scope: Scope, notes: Notes, lint: bool) -> Meaning | None:
        """A rule, or None after a diagnostic or when it depends on something unknown."""
        read = self._read(node.conditions, scope)
        matching = self._matching(node.action, read, node.span, lint)
        if read is None or matching is None:
            return None
        actions, named = matching
        effect: Effect = node.effect  # type: ignore[assignment]  # the grammar has just three
        if effect == "grant" and not self._may_grant(node, self._leaves(actions), notes):
            return None
        if (
            lint
            and effect != "deny"
            and read.to is None
            and any(leaf.dimension == "target" for leaf in self._leaves(actions))
        ):
            self._found.warning(
                "SEC005",
                f"this {effect} reaches every process of the host and of all cells",
                node.action.span,
                "say whom it is about: `to self`, `to CELL` or `to any`",
            )
        return _meaning(actions, named, read, effect, node.final, notes)

    def _leaves(self, actions: tuple[str, ...]) -> list[Leaf]:
        by_name = self._actions.catalogue.by_name
        return [by_name[name] for name in actions]

    def _may_grant(self, node: t.Rule, leaves: list[Leaf], notes: Notes) -> bool:
        if any(leaf.scope == "vnode" for leaf in leaves):
            help = "a grant would override every file's mode; use file permissions and mounts"
            self._found.error("E0412", "vnode actions cannot be granted", node.action.span, help)
            return False
        powerful = [leaf.name for leaf in leaves if leaf.rootlike]
        if powerful and notes.reason is None:
            more = f" and {len(powerful) - 1} more" if powerful[1:] else ""
            self._found.error(
                "E0413",
                f"a grant of `{powerful[0]}`{more} is as good as root",
                node.action.span,
                'say why with `@reason "..."` before the rule',
            )
        return True

    def pattern(
        self,
        action: t.Action,
        conditions: tuple[t.Condition, ...],
        scope: Scope,
        span: Span,
        lint: bool = True,
        request: bool = False,
    ) -> Meaning | None:
        """The actions and conditions of a rule, request or assertion; its effect means nothing.

        A `request` may be one that the kernel never asks: it still has an answer.
        """
        read = self._read(conditions, scope)
        matching = self._matching(action, read, span, lint, request)
        if read is None or matching is None:
            return None
        return _meaning(*matching, read, "allow", False, NO_NOTES)

    def _matching(
        self,
        action: t.Action,
        read: Conditions | None,
        span: Span,
        lint: bool,
        request: bool = False,
    ) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """What conditions leave of an action's leaves, and all of them; None after a diagnostic."""
        leaves = self._actions.resolve(action, lint)
        if leaves is None or read is None or not self._applicable(leaves, read):
            return None
        named = tuple([leaf.name for leaf in leaves])
        kept = carried(leaves, read)
        if not kept and request:
            kept = named
        if not kept:
            self._found.error("E0414", "this can match nothing", span, why_nothing(leaves, read))
            return None
        return kept, named

    def _read(self, conditions: tuple[t.Condition, ...], scope: Scope) -> Conditions | None:
        read = Conditions()
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
                        good &= self._once(condition.name, condition.span, read)
                    read.seen.setdefault(condition.name, condition.span)
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

    def _once(self, kind: str, span: Span, read: Conditions) -> bool:
        first = read.seen.setdefault(kind, span)
        if first is not span:
            self._found.error(
                "E0407",
                f"the condition `{kind}` is given twice",
                span,
                "keep one" if kind in ("tcp", "udp") else f"write a set: `{kind} {{a, b}}`",
                [Related(first, "first here")],
            )
        return first is span

    def _words(self, condition: t.Words) -> tuple[str, ...] | None:
        what, code, known = WORDS[condition.kind]
        words = set()
        for name in condition.names:
            word = name.text.lower()
            if word not in known:
                help = nearest(word, known) or f"such as {', '.join(list(known)[:6])}"
                self._found.error(code, f"{quoted(name.text)} is not {what}", name.span, help)
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

    def cell(self, name: t.Name, scope: Scope) -> str | None:
        """The one cell that a name stands for; None after a diagnostic, or when it is unknown."""
        parameter = scope.parameters.get(name.text)
        if isinstance(parameter, Unknown):
            return None
        word = parameter if isinstance(parameter, t.Name) else name
        if word.text in self._groups.cells:
            return word.text
        self._groups.unknown_cell(word)
        return None

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

    def _applicable(self, leaves: tuple[Leaf, ...], read: Conditions) -> bool:
        """Whether every action of the pattern has every condition of the rule."""
        good = True
        for kind, span in read.seen.items():
            dimensions = DIMENSIONS[kind]
            unable = [leaf for leaf in leaves if leaf.dimension not in dimensions]
            if unable and len(unable) < len(leaves):
                able = {leaf.action for leaf in leaves if leaf.dimension in dimensions}
                unable = [leaf for leaf in unable if leaf.action not in able]
            if unable:
                name = unable[0].action if leaves[1:] else unable[0].name
                self._found.error(
                    "E0408",
                    f"`{name}` has no condition `{kind}`",
                    span,
                    WHO_HAS[kind],
                )
                good = False
        return good


def _meaning(
    actions: tuple[str, ...],
    named: tuple[str, ...],
    read: Conditions,
    effect: Effect,
    final: bool,
    notes: Notes,
) -> Meaning:
    return Meaning(
        effect=effect,
        final=final,
        listen=False,
        actions=actions,
        named=named,
        to=read.to,
        protocols=read.protocols,
        ports=read.ports,
        domains=read.words.get("domain"),
        types=read.words.get("type"),
        socket_protocols=read.words.get("protocol"),
        notes=notes,
    )
